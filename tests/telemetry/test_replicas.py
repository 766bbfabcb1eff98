"""Two Prometheus that send the same: every sample once, whichever of them fails when."""

from datetime import timedelta

import pytest

from telemetry import drain, intake, operations, sources
from telemetry.models import InboxBatch, Rejection, Series, SourceActivity
from tests.telemetry.sending import body_of, stored

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(source_of, porto, frozen_now, sender_of):
    """A sender of a source with a cadence of 15 s: `pair("a", value)` sends `up` by a replica and drains."""
    sender = sender_of(porto, cadence_s=15)

    def bring(replica, value, metric="up", at=0):
        sender.send(({"__name__": metric, "job": "node", "__replica__": replica}, value, at))
        drain.drain(now=frozen_now.at)

    bring.sender = sender
    bring.clock = frozen_now
    return bring


def values(metric="up"):
    return [value for name, _, value in stored() if name == metric]


def ignored():
    return dict(Rejection.objects.values_list("reason", "count"))


def test_a_pair_is_stored_once_and_the_other_is_counted(pair):
    for scrape in range(4):
        pair("a", float(scrape))
        pair.clock.move(seconds=5)
        pair("b", scrape + 0.5)
        pair.clock.move(seconds=10)
    pair("a", 4.0)
    series = Series.objects.get()
    assert (series.labels, series.replica.name) == ({"job": "node"}, "a")
    pair.clock.move(seconds=15)
    pair("a", 5.0)
    pair.clock.move(seconds=10)
    drain.drain(now=pair.clock.at)
    assert values() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert ignored() == {"other_replica": 4}
    assert 'up{job="node"} from b' in Rejection.objects.get().example
    assert not InboxBatch.objects.exists()
    activity = SourceActivity.objects.get()
    assert (activity.batches, activity.samples, activity.rejected, activity.lag_max_s < 5) == (10, 6, 0, True)


def test_the_other_takes_over_without_a_gap_when_one_falls_silent(pair):
    pair("a", 0.0)
    for scrape in range(5):
        pair.clock.move(seconds=5)
        pair("b", scrape + 0.5)
        pair.clock.move(seconds=10)
        if scrape == 0:
            pair("a", 1.0)
    # "a" brought 0 and 1; of what "b" brought, the first is a repetition.
    pair.clock.move(seconds=40)
    drain.drain(now=pair.clock.at)
    assert values() == [0.0, 1.0, 1.5, 2.5, 3.5, 4.5]
    assert ignored() == {"other_replica": 1}
    pair("a", 2.0, at=-80)
    pair("b", 5.5)
    assert values()[-1] == 5.5
    pair.clock.move(seconds=20)
    pair("b", 6.5)
    pair.clock.move(seconds=20)
    drain.drain(now=pair.clock.at)
    assert values() == [0.0, 1.0, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5]
    assert ignored() == {"other_replica": 2}


def test_another_process_knows_at_once_who_took_over(pair):
    memory = drain.Memory()
    pair("a", 0.0)
    pair.sender.deliver(({"__name__": "up", "job": "node", "__replica__": "a"}, 0.1, 1), memory=memory)
    pair.clock.move(seconds=5)
    pair("b", 0.5)
    pair.clock.move(seconds=40)
    drain.drain(now=pair.clock.at)
    assert Series.objects.get().replica.name == "b"
    pair.sender.deliver(({"__name__": "up", "job": "node", "__replica__": "a"}, 9.0, 0), memory=memory)
    pair.sender.deliver(({"__name__": "up", "job": "node", "__replica__": "b"}, 1.5, 0), memory=memory)
    assert values() == [0.0, 0.1, 0.5, 1.5]


def test_replicas_of_other_targets_do_not_exclude_each_other(pair):
    pair("shard-0", 1.0, metric="first")
    pair("shard-1", 2.0, metric="second")
    assert (values("first"), values("second")) == ([1.0], [2.0])


def test_one_body_may_have_samples_of_both(pair):
    up = {"__name__": "up", "job": "node"}
    response = pair.sender.post(
        body_of(
            (up | {"__replica__": "a"}, 1.0, pair.clock.at),
            (up | {"__replica__": "b"}, 2.0, pair.clock.at),
            ({"job": "nameless"}, 3.0, pair.clock.at),
        )
    )
    assert (response.status_code, response.json()["stored"]) == (400, 2)
    drain.drain(now=pair.clock.at)
    assert values() == [1.0]
    assert ignored() == {"no_metric_name": 1}


def test_what_is_held_is_no_backlog_and_keeps_the_source_heard(pair):
    pair("a", 0.0)
    pair.clock.move(seconds=60)
    pair("b", 0.5)
    assert (intake.queue().batches, intake.oldest_waiting()) == (0, None)
    pair.clock.move(seconds=20)
    sources.update_states(now=pair.clock.at)
    pair.sender.source.status.refresh_from_db()
    assert pair.sender.source.status.state != "silent"


def test_a_source_may_store_its_replicas_apart(pair):
    operations.update_source(pair.sender.source, changes={"replica_labels": ""}, by=None, now=pair.clock.at)
    pair.clock.move(seconds=6)
    pair("a", 1.0)
    pair("b", 2.0)
    assert sorted(values()) == [1.0, 2.0]
    assert Series.objects.count() == 2


def test_replicas_that_are_gone_are_forgotten(pair):
    for number in range(52):
        pair(f"pod-{number}", float(number), metric=f"m{number}")
        pair.clock.at += timedelta(minutes=2)
    assert pair.sender.source.replicas.count() <= 50
    assert len(stored()) == 52
