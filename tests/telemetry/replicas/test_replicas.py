"""Two Prometheus of a pair send to one source: nothing counts twice, and nothing is missing while one of them sends."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import SiteChange
from telemetry import drain, operations, rollups, store
from telemetry.models import Replica, Series
from telemetry.replicas.operations import judge_silence, remove_replica
from tests.telemetry.sending import STALE, Sender, hot_samples, rolled_up

pytestmark = pytest.mark.django_db

LABEL = "prometheus_replica"
LOAD = {"__name__": "load", "job": "node"}
ERRORS = {"__name__": "node_network_receive_errs_total", "device": "eth0"}


@pytest.fixture
def pair(source_of, porto, frozen_now):
    """Sends to a source whose label is configured; `by("a", …)` labels readings."""
    return Sender(source_of(porto, name="porto pair", replica_label=LABEL, cadence_s=15), frozen_now)


def by(replica, *readings):
    return [({**labels, LABEL: replica}, value, at) for labels, value, at in readings]


def every(labels, begin, end, *, step=15, value=lambda at: 1.0):
    return [(labels, value(at), at) for at in range(begin, end, step)]


def roll_up(sender, minutes=6):
    return rollups.roll_up(now=sender.clock.move(minutes=minutes))


def figures(width="5m"):
    names = ("start", "count", "sum", "min", "max", "last", "increase")
    return [tuple(row[name] for name in names) for row in rolled_up(width)]


def test_both_send_one_series_and_all_samples_are_kept(pair):
    pair.deliver(*by("a", (LOAD, 1.0, -10)), *by("b", (LOAD, 2.0, -5)))
    series = Series.objects.get()
    assert series.labels == {"job": "node"}
    with connection.cursor() as cursor:
        assert sorted(value for _, _, value in hot_samples(cursor)) == [1.0, 2.0]
    assert list(Replica.objects.values_list("number", "name")) == [(1, "a"), (2, "b")]


def test_roll_ups_of_a_pair_equal_those_of_one_alone(pair, sender_of, porto):
    alone = sender_of(porto, cadence_s=15)
    readings = [
        *every(LOAD, -595, 0, value=lambda at: at % 7),
        *every(ERRORS, -595, 0, value=lambda at: (at + 700) % 400),
    ]
    alone.deliver(*readings)
    pair.deliver(*by("a", *readings))
    pair.deliver(*by("b", *((labels, value, at + 6) for labels, value, at in readings if at < -6)))
    roll_up(pair)
    rows = {}
    for row in rolled_up():
        rows.setdefault(Series.objects.get(pk=row["series_id"]).source_id, []).append(
            {name: value for name, value in row.items() if name != "series_id"}
        )
    assert rows[pair.source.pk] == rows[alone.source.pk]
    assert len(rows[pair.source.pk]) == 4


def test_one_dies_and_returns_without_a_gap_or_a_restart(pair):
    def rising(at):
        return float(at + 2000)

    a = [*every(ERRORS, -1790, -1000, value=rising), *every(ERRORS, -395, 0, value=rising)]
    b = every(ERRORS, -1783, 0, value=rising)
    pair.deliver(*by("a", *a))
    pair.deliver(*by("b", *b))
    roll_up(pair)
    rows = figures()
    assert all(count >= 19 for _, count, *_ in rows)
    # The first window of a counter knows no rise before its first reading.
    assert sum(row[-1] for row in rows) == pytest.approx(1790 - 10, abs=20)


def test_what_a_replica_sends_late_is_rolled_up_again(pair):
    pair.deliver(*by("a", *every(LOAD, -595, -300)))
    roll_up(pair)
    pair.deliver(*by("b", *every(LOAD, -595 - 360, -360)))
    roll_up(pair)
    assert {count for _, count, *_ in figures()} <= {19, 20}


def test_blocks_of_both_are_read_as_one_series(pair):
    pair.deliver(*by("a", *every(LOAD, -300, 0)))
    pair.deliver(*by("b", *every(LOAD, -295, 0)))
    begin, now = pair.at(-600), pair.clock.at
    series = Series.objects.get()
    before = store.samples([series.pk], after=begin, until=now)
    later = pair.clock.move(hours=3)
    store.pack_samples(now=later, newest_at=later)
    later = pair.clock.move(hours=2)
    store.pack_samples(now=later, newest_at=later)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT series_id), (SELECT count(*) FROM telemetry_samplebatch) FROM telemetry_block"
        )
        assert cursor.fetchone() == (2, 0)
    after = store.samples([series.pk], after=begin, until=now)
    assert [column.tolist() for column in after] == [column.tolist() for column in before]
    assert len(after.series) == 20
    store.erase([series.pk])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM telemetry_block")
        assert cursor.fetchone() == (0,)


def test_a_series_ends_when_all_who_send_it_say_so(pair):
    pair.deliver(
        *by("a", (LOAD, 1.0, -200), (LOAD, STALE, -100)), *by("b", (LOAD, 1.0, -190), (LOAD, 1.0, -90))
    )
    roll_up(pair)
    assert Series.objects.get().ended_at is None
    pair.deliver(*by("b", (LOAD, STALE, -10)))
    pair.deliver(*by("a", (LOAD, STALE, -20)))
    ended_at = pair.at(-10)
    roll_up(pair)
    assert Series.objects.get().ended_at == ended_at
    pair.deliver(*by("b", (LOAD, 1.0, 0)))
    assert Series.objects.get().ended_at is None


def test_a_series_that_is_back_before_the_roll_up_goes_on(pair):
    for name in "ab":
        pair.deliver(*by(name, (LOAD, 1.0, -200), (LOAD, STALE, -10)))
    pair.clock.move(minutes=1)
    pair.deliver(*by("a", (LOAD, 2.0, -25)))
    rollups.roll_up(now=pair.clock.at)
    assert Series.objects.get().ended_at is None


def test_a_sender_without_the_label_goes_on_when_the_replicas_end(pair):
    pair.deliver((LOAD, 1.0, -20), *by("a", (LOAD, 1.0, -200), (LOAD, STALE, -10)))
    roll_up(pair)
    assert Series.objects.get().ended_at is None


def written_tables(queries):
    """The tables of series, of states of sources, and of replicas, in the order of the first update of each."""
    tables = [
        match[1]
        for query in queries
        if (match := re.match(r'UPDATE "(telemetry_(?:series|sourcestatus|replica))"', query["sql"]))
    ]
    return list(dict.fromkeys(tables))


def test_a_roll_up_of_many_windows_writes_replicas_last(pair):
    """The drain locks series first: a roll-up that held replicas and then waited for series would block it."""
    for name in "ab":
        pair.deliver(*by(name, *every(LOAD, -890, 0)))
    with CaptureQueriesContext(connection) as queries:
        roll_up(pair)
    windows = [number for number, query in enumerate(queries) if "INTO telemetry_rollup_5m" in query["sql"]]
    noted = [number for number, query in enumerate(queries) if 'UPDATE "telemetry_replica"' in query["sql"]]
    assert len(windows) >= 3
    assert len(noted) >= 3
    assert max(windows) < min(noted)


def test_removing_a_replica_and_changing_the_label_lock_as_the_drain_does(pair):
    pair.deliver(*by("a", (LOAD, 1.0, 0)), *by("b", (LOAD, 1.0, 0)))
    with CaptureQueriesContext(connection) as queries:
        remove_replica(Replica.objects.get(name="a"), by=None, now=pair.clock.at)
    assert written_tables(queries) == ["telemetry_sourcestatus", "telemetry_replica"]
    with CaptureQueriesContext(connection) as queries:
        operations.update_source(pair.source, changes={"replica_label": "other"}, by=None, now=pair.clock.at)
    assert written_tables(queries) == ["telemetry_series", "telemetry_sourcestatus", "telemetry_replica"]


def test_a_silent_replica_is_told_until_it_sends_again(pair):
    pair.deliver(*by("a", (LOAD, 1.0, 0)), *by("b", (LOAD, 1.0, 0)))
    heard_at = pair.clock.at
    for _ in range(5):
        pair.clock.move(minutes=1)
        pair.deliver(*by("b", (LOAD, 1.0, 0)))
    SiteChange.objects.all().delete()
    assert judge_silence(now=pair.clock.at) == 1
    a, b = Replica.objects.order_by("name")
    assert (a.silent_since, b.silent_since) == (heard_at, None)
    assert SiteChange.objects.exists()
    assert judge_silence(now=pair.clock.move(days=3)) == 1
    assert Replica.objects.get(name="a").silent_since == heard_at
    pair.deliver(*by("a", (LOAD, 1.0, 0)))
    assert judge_silence(now=pair.clock.at) == 1
    assert Replica.objects.get(name="a").silent_since is None


def test_a_replica_that_is_removed_is_told_no_more_until_it_sends(pair):
    pair.deliver(*by("a", (LOAD, 1.0, 0)), *by("b", (LOAD, 1.0, 0)))
    judge_silence(now=pair.clock.move(hours=1))
    remove_replica(Replica.objects.get(name="a"), by=None, now=pair.clock.at)
    assert judge_silence(now=pair.clock.move(hours=1)) == 0
    pair.deliver(*by("a", (LOAD, 1.0, 0)))
    assert Replica.objects.get(name="a").removed_at is None


def test_a_fifth_name_is_no_replica_and_loses_nothing(pair):
    for name in "abcde":
        pair.deliver(*by(name, (LOAD, 1.0, 0)))
    assert list(Replica.objects.values_list("number", "name")) == [
        (0, "e"),
        (1, "a"),
        (2, "b"),
        (3, "c"),
        (4, "d"),
    ]
    assert [series.labels for series in Series.objects.order_by("pk")] == [
        {"job": "node"},
        {"job": "node", LABEL: "e"},
    ]
    remove_replica(Replica.objects.get(name="a"), by=None, now=pair.clock.at)
    pair.deliver(*by("f", (LOAD, 1.0, 0)))
    assert Replica.objects.get(name="f").number == 1


def test_replicas_that_contradict_each_other_are_told_with_both_values(pair):
    pair.deliver(*by("a", *every(LOAD, -290, 0, value=lambda _: 40.0)))
    pair.deliver(*by("b", *every(LOAD, -290, 0, value=lambda _: 71.0)))
    roll_up(pair)
    replica = Replica.objects.get(name="b")
    assert replica.contradiction == '1 of 1 series differ, such as load{job="node"}: 40 by a, 71 by b'
    since = replica.contradicts_since
    # One that is silent takes nothing back.
    pair.deliver(*by("a", *every(LOAD, -290, 0, value=lambda _: 40.0)))
    roll_up(pair)
    assert Replica.objects.get(name="b").contradicts_since == since
    pair.deliver(*by("a", *every(LOAD, -290, 0)), *by("b", *every(LOAD, -290, 0)))
    roll_up(pair)
    assert Replica.objects.get(name="b").contradiction == ""


def test_a_label_that_is_configured_later_joins_what_comes_from_then_on(sender):
    sender.deliver(*by("a", (LOAD, 1.0, -10)), *by("b", (LOAD, 1.0, -10)))
    assert Series.objects.count() == 2
    operations.update_source(sender.source, changes={"replica_label": LABEL}, by=None, now=sender.clock.at)
    assert Series.objects.filter(ended_at=sender.clock.at).count() == 2
    sender.deliver(*by("a", (LOAD, 1.0, 10)), *by("b", (LOAD, 1.0, 10)))
    assert Series.objects.get(ended_at=None).labels == {"job": "node"}
    sender.clock.move(minutes=1)
    operations.update_source(sender.source, changes={"replica_label": ""}, by=None, now=sender.clock.at)
    sender.deliver(*by("a", (LOAD, 1.0, 10)))
    assert Series.objects.get(ended_at=None).labels == {"job": "node", LABEL: "a"}


def test_a_read_costs_as_many_statements_without_replicas_as_ever(sender, pair):
    sender.deliver((LOAD, 1.0, 0))
    series = Series.objects.get()
    reads = {"after": sender.at(-60), "until": sender.clock.at}
    with CaptureQueriesContext(
        connection,
    ) as queries:
        store.samples([series.pk], **reads)
    assert len(queries) == 1
    pair.deliver(*by("a", (LOAD, 1.0, 0)), *by("b", (LOAD, 1.0, 0)))
    with CaptureQueriesContext(connection) as queries:
        store.samples([each.pk for each in Series.objects.all()][:1], **reads)
        store.samples([Series.objects.get(source=pair.source).pk], **reads)
    assert len(queries) <= 5


def test_the_door_takes_both_and_new_series_count_once(pair, settings):
    settings.TELEMETRY_SERIES = 1
    pair.deliver(*by("a", (LOAD, 1.0, -1)))
    assert drain.drain(now=pair.clock.at) == 0
    pair.deliver(*by("b", (LOAD, 1.0, 0)))
    assert Series.objects.count() == 1
