"""Which replica gets which number, also when names change all the time: no series comes past the limits of its source,
and no two replicas share a number."""

import pytest

from telemetry import drain, operations
from telemetry.models import InboxBatch, Replica, Series
from telemetry.replicas.operations import remove_replica
from telemetry.series import Memory
from telemetry.series_limits import SeriesLimits
from tests.telemetry.replicas.test_replicas import LABEL, LOAD, by
from tests.telemetry.sending import Sender, columns_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(source_of, porto, frozen_now):
    return Sender(source_of(porto, name="porto pair", replica_label=LABEL, cadence_s=15), frozen_now)


@pytest.fixture
def let_in(pair):
    """What the door takes of one series for each of these replicas, and how many it refuses."""
    limits = SeriesLimits()

    def run(*names, metric="load"):
        columns = columns_of(*((metric, {"job": "node", LABEL: name}, 1.0, pair.clock.at) for name in names))
        taken = limits.let_in(columns, source=pair.source, now=pair.clock.at)
        return taken.samples, sum(taken.rejected.counts.values())

    return run


def numbers():
    return dict(Replica.objects.values_list("name", "number"))


def remove(name, now):
    remove_replica(Replica.objects.get(name=name), by=None, now=now)


def test_names_beyond_the_most_count_as_new_series(pair, let_in, settings):
    for name in "abcde":
        pair.deliver(*by(name, (LOAD, 1.0, 0)))
    settings.TELEMETRY_SERIES = 2
    assert let_in("a", "d", "e") == (3, 0)
    assert let_in("f") == (0, 1)
    remove("a", pair.clock.move(minutes=5))
    # It may get the number that is free now, and only one can.
    assert let_in("g", "h") == (1, 1)


def test_new_names_that_wait_for_the_drain_share_the_free_numbers(pair, let_in, settings):
    pair.deliver(*by("a", (LOAD, 1.0, 0)))
    settings.TELEMETRY_SERIES = 1
    assert [let_in(name) for name in "bcdef"] == [(1, 0)] * 3 + [(0, 1)] * 2


def test_a_refused_series_comes_by_no_other_replica_of_the_same_body(let_in, settings):
    settings.TELEMETRY_SERIES = 1
    assert let_in("a", "b") == (2, 0)
    assert let_in("a", "b", metric="other") == (0, 2)


def test_one_that_returns_beside_a_new_name_keeps_its_number(pair):
    for name in "abcd":
        pair.deliver(*by(name, (LOAD, 1.0, 0)))
    remove("a", pair.clock.at)
    pair.deliver(*by("a", (LOAD, 1.0, 0)), *by("e", (LOAD, 1.0, 0)))
    assert numbers() == {"a": 1, "b": 2, "c": 3, "d": 4, "e": 0}
    assert not Replica.objects.exclude(removed_at=None).exists()


def test_a_process_that_slept_while_the_label_changed_looks_the_numbers_up_again(pair):
    idle = Memory()

    def deliver_to_idle(*readings):
        pair.send(*readings)
        drain.drain(now=pair.clock.at, memory=idle)

    def name_label(label):
        operations.update_source(pair.source, changes={"replica_label": label}, by=None, now=pair.clock.at)

    for name in "abcd":
        deliver_to_idle(*by(name, (LOAD, 1.0, 0)))
    name_label("other")
    name_label(LABEL)
    pair.deliver(*by("e", (LOAD, 1.0, 0)))
    assert numbers()["e"] == 1
    pair.clock.move(seconds=15)
    deliver_to_idle(*by("a", (LOAD, 1.0, 0)))
    assert numbers() == {"e": 1, "a": 2, "c": 3, "d": 4}


def test_a_name_that_is_too_long_is_no_replica_and_loses_nothing(pair):
    pair.deliver(*by("a" * 400, (LOAD, 1.0, 0)), *by("b" * 401, (LOAD, 2.0, 0)))
    assert not InboxBatch.objects.exists()
    assert numbers() == {"a" * 400: 1}
    assert Series.objects.filter(labels={"job": "node"}).exists()
    assert Series.objects.filter(labels={"job": "node", LABEL: "b" * 401}).exists()
