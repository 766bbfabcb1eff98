"""What other floors read: right at every moment between a sample's arrival and its roll-up, and as of the past."""

from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from telemetry import queries, rollups, sources
from telemetry.core.sketch import Sketch, merge_all
from telemetry.core.spec import LabelOperator, Matcher
from tests.inventory import made
from tests.telemetry.sending import STALE, counts_of

pytestmark = pytest.mark.django_db

ERRORS = {"__name__": "node_network_receive_errs_total", "instance": "node-1:9100", "device": "eth0"}
XID = {"__name__": "DCGM_FI_DEV_XID_ERRORS", "gpu": "0", "Hostname": "node-1"}
INLET = {"__name__": "ipmi_temperature_celsius", "name": "Inlet Temp", "instance": "node-1:9290"}


@pytest.fixture
def node(porto):
    device = made.device(site=porto, name="node-1")
    made.accelerator(device=device, index=0)
    made.port(device=device, name="eth0")
    return device


@pytest.fixture(params=["raw", "rolled up"])
def settle(request, sender):
    """Everything that is asked is asked of raw samples and of roll-ups: the answers are the same."""

    def wait(**more):
        if request.param == "rolled up":
            rollups.roll_up(now=sender.clock.move(minutes=6))
        return sender.clock.move(**more) if more else sender.clock.at

    return wait


class TestLatest:
    def test_the_newest_reading_of_each_series(self, sender, porto, node, settle):
        sender.deliver((XID, 31.0, -120), (XID, 79.0, -60), ("load", 2.0, -30), ("load", 1.0, -90))
        at = sender.clock.at
        rows = sorted(
            queries.latest([porto.pk], None, now=settle(), within_s=900), key=lambda row: row.metric
        )
        assert [(row.metric, row.value, row.ts) for row in rows] == [
            ("DCGM_FI_DEV_XID_ERRORS", 79.0, at - timedelta(seconds=60)),
            ("load", 2.0, at - timedelta(seconds=30)),
        ]
        assert (rows[0].object_kind, rows[0].device_id) == ("accelerator", node.pk)
        assert rows[0].labels == {"gpu": "0", "Hostname": "node-1"}
        assert (rows[0].source_id, rows[0].provenance, rows[0].cadence_s) == (
            sender.source.pk,
            "measured",
            60,
        )

    def test_only_the_metrics_and_sites_asked_for(self, sender, porto, settle):
        sender.deliver(("load", 1.0, 0), ("power", 1.0, 0))
        now = settle()
        assert [row.metric for row in queries.latest([porto.pk], ["load"], now=now, within_s=900)] == ["load"]
        assert queries.latest([made.site().pk], ["load"], now=now, within_s=900) == []

    def test_a_series_that_ended_is_left_out(self, sender, porto, settle):
        sender.deliver(("load", 1.0, -60))
        sender.deliver(("load", STALE, -30))
        assert queries.latest([porto.pk], None, now=settle(), within_s=900) == []

    def test_a_series_that_is_too_old_is_left_out(self, sender, porto, settle):
        sender.deliver(("load", 1.0, 0))
        assert queries.latest([porto.pk], None, now=settle(minutes=10), within_s=300) == []
        assert len(queries.latest([porto.pk], None, now=sender.clock.at, within_s=3600)) == 1

    def test_what_the_scraper_says_of_itself_counts_only_when_asked(self, sender, porto, settle):
        sender.deliver(("up", 1.0, 0), ("scrape_duration_seconds", 1.0, 0), ("ALERTS", 1.0, 0))
        now = settle()
        assert queries.latest([porto.pk], None, now=now, within_s=900) == []
        assert len(queries.latest([porto.pk], ["up"], now=now, within_s=900)) == 1

    def test_as_of_the_past_nothing_later_is_seen(self, sender, porto):
        sender.deliver(("load", 1.0, -60), ("load", 2.0, 60))
        rows = queries.latest([porto.pk], None, now=sender.clock.at, within_s=900)
        assert [row.value for row in rows] == [1.0]

    def test_fewer_raw_samples_give_the_same_answers(self, sender, porto, node, settle):
        sender.deliver(("load", 1.0, -200), ("power", 3.0, -170), (ERRORS, 4.0, -230), (XID, 79.0, -30))
        sender.deliver(("power", STALE, -150), (ERRORS, 6.0, -140))
        now = settle()
        shorter = queries.snapshot([porto.pk], None, now=now, markers_within_s=100)
        usual = queries.snapshot([porto.pk], None, now=now)
        held = shorter.latest(within_s=3600, with_ended=True)
        assert sorted(row.value for row in held) == [1.0, 3.0, 6.0, 79.0]
        assert held == usual.latest(within_s=3600, with_ended=True)
        assert shorter.latest(within_s=100) == usual.latest(within_s=100)
        assert shorter.last_seen(within_s=3600) == usual.last_seen(within_s=3600)
        start = now - timedelta(hours=1)
        assert [rise.increase for rise in usual.increase_since(start=start)] == [2.0]
        assert shorter.increase_since(start=start) == usual.increase_since(start=start)


class TestLastSeen:
    def test_each_object_and_the_device_it_is_part_of(self, sender, porto, node, settle):
        sender.deliver(
            (XID, 0.0, -60), (ERRORS, 0.0, -90), ({"__name__": "load", "instance": "node-1"}, 1.0, -120)
        )
        at = sender.clock.at
        seen = {
            (row.object_kind, row.object_id): row.newest_at
            for row in queries.snapshot([porto.pk], None, now=settle()).last_seen(within_s=900)
        }
        assert seen == {
            ("accelerator", node.accelerators.get().pk): at - timedelta(seconds=60),
            ("port", node.ports.get().pk): at - timedelta(seconds=90),
            ("device", node.pk): at - timedelta(seconds=60),
        }

    def test_a_scraper_that_finds_the_exporter_gone_has_not_seen_the_device(
        self, sender, porto, node, settle
    ):
        sender.deliver(({"__name__": "up", "instance": "node-1:9100"}, 0.0, 0))
        assert queries.snapshot([porto.pk], None, now=settle()).last_seen(within_s=900) == []

    def test_a_stale_marker_is_no_sign_of_life(self, sender, porto, node, settle):
        sender.deliver((XID, 0.0, -240), (XID, STALE, 0))
        at = sender.clock.at
        rows = queries.snapshot([porto.pk], None, now=settle()).last_seen(within_s=900)
        assert {row.newest_at for row in rows} == {at - timedelta(seconds=240)}


class TestIncrease:
    def test_counters_that_rose_and_when(self, sender, porto, node, settle):
        quiet = ERRORS | {"device": "eth1"}
        for second, value in [(-1500, 5.0), (-900, 7.0), (-600, 7.0), (-240, 10.0), (0, 10.0)]:
            sender.deliver((ERRORS, value, second), (quiet, 3.0, second))
        start, at = sender.at(-1200), sender.clock.at
        rows = queries.snapshot([porto.pk], [ERRORS["__name__"]], now=settle()).increase_since(start=start)
        assert [(row.increase, row.object_kind) for row in rows] == [(5.0, "port")]
        assert rows[0].first_bad_at == at - timedelta(seconds=900)
        assert rows[0].last_bad_at <= at

    def test_a_rise_across_the_last_roll_up_counts_once(self, sender, porto, node):
        sender.deliver((ERRORS, 5.0, -60))
        rollups.roll_up(now=sender.clock.move(minutes=6))
        sender.deliver((ERRORS, 8.0, 0))
        start = sender.at(-3600)
        rows = queries.snapshot([porto.pk], [ERRORS["__name__"]], now=sender.clock.at).increase_since(
            start=start
        )
        assert [row.increase for row in rows] == [3.0]
        rollups.roll_up(now=sender.clock.move(minutes=6))
        rows = queries.snapshot([porto.pk], [ERRORS["__name__"]], now=sender.clock.at).increase_since(
            start=start
        )
        assert [row.increase for row in rows] == [3.0]

    def test_a_reset_counts_from_zero(self, sender, porto, settle):
        sender.deliver((ERRORS, 50.0, -240), (ERRORS, 2.0, -120), (ERRORS, 3.0, 0))
        start = sender.at(-600)
        rows = queries.snapshot([porto.pk], [ERRORS["__name__"]], now=settle()).increase_since(start=start)
        assert [row.increase for row in rows] == [3.0]

    def test_samples_that_came_twice_count_once(self, sender, porto, settle):
        for _ in range(2):
            sender.deliver((ERRORS, 1.0, -120), (ERRORS, 4.0, -60))
            sender.deliver((ERRORS, 1.0, -120), (ERRORS, 4.0, -60), ("load", 1.0, 0))
        start = sender.at(-600)
        rows = queries.snapshot([porto.pk], [ERRORS["__name__"]], now=settle()).increase_since(start=start)
        assert [row.increase for row in rows] == [3.0]


class TestLastChanged:
    def changed(self, sender, *, start, now):
        (series,) = [
            row.series_id for row in queries.latest([sender.source.site_id], None, now=now, within_s=9e4)
        ]
        return queries.last_changed([series], start=start, now=now).get(series)

    def test_the_instant_of_the_last_change(self, sender, settle):
        for second, value in [(-1800, 0.0), (-1200, 79.0), (-1140, 79.0), (-60, 79.0)]:
            sender.deliver((XID, value, second))
        start, changed = sender.at(-3600), sender.at(-1200)
        assert self.changed(sender, start=start, now=settle()) == changed

    def test_nothing_if_it_stayed_the_same(self, sender, settle):
        sender.deliver((XID, 79.0, -3300), (XID, 79.0, -1200), (XID, 79.0, 0))
        start = sender.at(-3000)
        assert self.changed(sender, start=start, now=settle()) is None

    def test_a_first_value_is_a_change(self, sender, settle):
        sender.deliver((XID, 79.0, -1200), (XID, 79.0, -60))
        start, first = sender.at(-3600), sender.at(-1200)
        assert self.changed(sender, start=start, now=settle()) == first

    def test_a_change_since_the_last_roll_up(self, sender):
        sender.deliver((XID, 0.0, 0))
        rollups.roll_up(now=sender.clock.move(minutes=6))
        sender.deliver((XID, 0.0, -30), (XID, 79.0, 0))
        assert self.changed(sender, start=sender.at(-3600), now=sender.clock.at) == sender.clock.at

    def test_after_raw_samples_are_gone_the_five_minutes_are_known(self, sender):
        sender.deliver((XID, 0.0, -60), (XID, 79.0, -30), (XID, 79.0, 240))
        rollups.roll_up(now=sender.clock.move(minutes=15))
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM telemetry_samplebatch")
        found = self.changed(sender, start=sender.at(-3600), now=sender.clock.at)
        assert found == sender.at(-900 - 30)


class TestWindowMeans:
    def test_means_per_window_with_gaps(self, sender, porto, settle):
        sender.deliver(("power", 10.0, -1260), ("power", 20.0, -1200), ("power", 40.0, -300))
        start, end = sender.at(-1500), sender.at(0)
        (row,) = queries.window_means([porto.pk], ["power"], start=start, end=end, now=settle())
        assert row.newest_at == end - timedelta(seconds=300)
        np.testing.assert_array_equal(row.values, [15.0, np.nan, np.nan, 40.0, np.nan])

    def test_longer_and_shorter_steps(self, sender, porto, settle):
        sender.deliver(("power", 10.0, -1260), ("power", 20.0, -1200), ("power", 30.0, -900))
        start, end, now = sender.at(-1800), sender.at(0), settle()
        asked = {"start": start, "end": end, "now": now}
        (row,) = queries.window_means([porto.pk], ["power"], step_s=900, **asked)
        np.testing.assert_array_equal(row.values, [20.0, np.nan])
        (row,) = queries.window_means([porto.pk], ["power"], step_s=10, **asked)
        assert len(row.values) == 180
        assert np.flatnonzero(~np.isnan(row.values)).tolist() == [53, 59, 89]

    def test_hours_fill_in_where_five_minutes_are_gone(self, sender, porto):
        for minute in range(0, 120, 5):
            sender.deliver(("power", float(minute < 60), -60 * minute))
        end = sender.clock.at
        rollups.roll_up(now=sender.clock.move(hours=2))
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM telemetry_samplebatch")
            cursor.execute("DELETE FROM telemetry_rollup_5m WHERE start < %s", [end - timedelta(hours=1)])
        asked = {"start": end - timedelta(hours=2), "end": end, "now": sender.clock.at}
        (row,) = queries.window_means([porto.pk], ["power"], **asked)
        np.testing.assert_array_equal(row.values, [0.0] * 12 + [1.0] * 12)
        (row,) = queries.window_means([porto.pk], ["power"], fill_by_hours=False, **asked)
        np.testing.assert_array_equal(row.values, [np.nan] * 12 + [1.0] * 12)

    def test_labels_narrow_it(self, sender, porto, settle):
        sender.deliver((INLET, 21.0, 0), (INLET | {"name": "Exhaust Temp"}, 40.0, 0))
        asked = {"start": sender.at(-300), "end": sender.at(0), "now": settle()}
        for op, value, means in [
            (LabelOperator.LIKE, ".*[Ii]nlet.*", [21.0]),
            (LabelOperator.NOT_LIKE, "Inlet.*", [40.0]),
            (LabelOperator.IS, "Exhaust Temp", [40.0]),
            (LabelOperator.IS_NOT, "Exhaust Temp", [21.0]),
            (LabelOperator.LIKE, "Inlet", []),
        ]:
            rows = queries.window_means(
                [porto.pk], [INLET["__name__"]], matchers=[Matcher("name", op, value)], **asked
            )
            assert [row.values[0] for row in rows] == means
        nothing = Matcher("rack", LabelOperator.IS, "")
        assert len(queries.window_means([porto.pk], [INLET["__name__"]], matchers=[nothing], **asked)) == 2


class TestDailySketches:
    def test_a_days_readings(self, sender, porto, settle):
        values = [20.0 + n / 7 for n in range(60)]
        for n, value in enumerate(values):
            sender.deliver((INLET, value, -60 * n))
        yesterday = (INLET, 90.0, -17 * 3600)
        sender.deliver(yesterday)
        day = sender.clock.at.date()
        (row,) = queries.daily_sketches([porto.pk], [INLET["__name__"]], day=day, now=settle())
        assert row.samples == 60
        assert counts_of(Sketch.from_arrays(row.buckets, row.counts)) == counts_of(Sketch.build(values))
        assert row.unit == "°C"

    def test_hours_where_five_minutes_are_gone(self, sender, porto):
        for n in range(24):
            sender.deliver((INLET, 20.0 + n, -300 * n))
        day = sender.clock.at.date()
        rollups.roll_up(now=sender.clock.move(hours=2))
        (before,) = queries.daily_sketches([porto.pk], [INLET["__name__"]], day=day, now=sender.clock.at)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM telemetry_rollup_5m WHERE start < %s", [sender.at(-3 * 3600)])
        (after,) = queries.daily_sketches([porto.pk], [INLET["__name__"]], day=day, now=sender.clock.at)
        assert after.samples == before.samples == 24
        merged = merge_all([Sketch.from_arrays(after.buckets, after.counts)])
        assert counts_of(merged) == counts_of(Sketch.from_arrays(before.buckets, before.counts))


class TestSourceStates:
    def test_a_sites_own_source_and_one_that_names_it(self, sender, sender_of, porto):
        many = sender_of(name="everywhere", site_label="site", provenance="simulated")
        many.deliver(({"__name__": "up", "site": "porto"}, 1.0, 0))
        sender.deliver(("up", 1.0, 0))
        sources.update_states(now=sender.clock.at)
        elsewhere = made.site()
        states = queries.source_states([porto.pk, elsewhere.pk])
        assert list(states) == [porto.pk]
        assert [(row.name, row.state, row.provenance) for row in states[porto.pk]] == [
            ("everywhere", "on-time", "simulated"),
            ("porto prometheus", "on-time", "measured"),
        ]
        assert states[porto.pk][0].last_received_at == sender.clock.at


def test_statements_do_not_grow_with_sites(sender, sender_of, porto):
    def statements(site_ids):
        now = sender.clock.at
        start = now - timedelta(hours=1)
        with CaptureQueriesContext(connection) as seen:
            queries.latest(site_ids, None, now=now, within_s=900)
            queries.snapshot(site_ids, None, now=now).last_seen(within_s=900)
            queries.snapshot(site_ids, ["errors_total"], now=now).increase_since(start=start)
            queries.window_means(site_ids, ["power"], start=start, end=now, now=now)
            queries.daily_sketches(site_ids, ["power"], day=now.date(), now=now)
            queries.source_states(site_ids)
        return len(seen)

    sender.deliver(("power", 1.0, 0), ("errors_total", 1.0, 0))
    one = statements([porto.pk])
    sites = [made.site() for _ in range(10)]
    for site in sites:
        sender_of(site).deliver(("power", 1.0, 0), ("errors_total", 1.0, 0))
    assert statements([site.pk for site in sites]) == one
