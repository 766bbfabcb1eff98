"""Roll-ups count each sample once, whatever came twice, late or in another order."""

from datetime import timedelta

import pytest

from telemetry import drain, rollups
from telemetry.core.sketch import Sketch
from telemetry.models import DirtyWindow, LateDay, Series
from tests.telemetry.sending import STALE, body_of, counts_of, rolled_up

pytestmark = pytest.mark.django_db

INLET = {"__name__": "ipmi_temperature_celsius", "name": "Inlet Temp", "instance": "node-1:9290"}
ERRORS = {"__name__": "node_network_receive_errs_total", "device": "eth0"}


def roll_up(sender, **later):
    """Once everything so far is closed."""
    return rollups.roll_up(now=sender.clock.move(**(later or {"minutes": 6})))


def only(rows, *names):
    return [tuple(row[name] for name in names) for row in rows]


def test_a_window_has_count_sum_extremes_and_last(sender):
    sender.deliver(("load", 3.0, -60), ("load", 1.0, -30), ("load", 2.0, 0))
    assert roll_up(sender) > 0
    assert only(rolled_up(), "count", "sum", "min", "max", "last", "increase") == [
        (3, 6.0, 1.0, 3.0, 2.0, None)
    ]
    assert rolled_up()[0]["start"] == sender.at(-360 - 300)


def test_a_window_is_open_until_its_grace_is_over(sender):
    sender.deliver(("load", 1.0, 0))
    assert rollups.roll_up(now=sender.at(29)) == 0
    assert rollups.roll_up(now=sender.at(30)) > 0
    assert not DirtyWindow.objects.filter(width_s=300).exists()


def test_a_window_ends_with_its_last_instant_and_the_next_begins_after(sender):
    sender.deliver(("load", 1.0, 0), ("load", 2.0, 0.001))
    roll_up(sender)
    assert only(rolled_up(), "count", "last") == [(1, 1.0), (1, 2.0)]


def test_samples_sent_again_in_another_cut_count_once(sender):
    readings = [("load", float(n), sender.at(-15 * n)) for n in range(8)]
    for part in (readings, readings[:3], readings[2:]):
        sender.post(body_of(*part))
    drain.drain(now=sender.clock.at)
    roll_up(sender)
    assert only(rolled_up(), "count", "sum") == [(8, 28.0)]


def test_of_two_values_at_one_instant_the_larger_is_kept_in_any_order(sender, sender_of, porto):
    sender.deliver(("load", 1.0, 0))
    sender.deliver(("load", 5.0, 0))
    other = sender_of(porto)
    other.deliver(("load", 5.0, 0))
    other.deliver(("load", 1.0, 0))
    other.deliver(("load", STALE, 0))
    roll_up(sender)
    assert only(rolled_up(), "count", "last") == [(1, 5.0), (1, 5.0)]


def test_late_samples_are_added_to_a_window_that_was_rolled_up(sender):
    sender.deliver(("load", 2.0, 0))
    roll_up(sender)
    sender.deliver(("load", 1.0, -360 - 60), ("load", 3.0, -360 - 30))
    roll_up(sender, seconds=1)
    assert only(rolled_up(), "count", "sum", "last") == [(3, 6.0, 2.0)]


def test_rolling_up_again_changes_nothing(sender):
    sender.deliver(("load", 2.0, 0), (ERRORS, 5.0, 0), (ERRORS, 7.0, -15))
    roll_up(sender)
    before = rolled_up(), rolled_up("1h")
    for start in DirtyWindow.objects.none() or [row["start"] for row in before[0]]:
        DirtyWindow.objects.create(source=sender.source, start=start)
    roll_up(sender, seconds=1)
    assert (rolled_up(), rolled_up("1h")) == before


def test_a_counter_rises_across_windows_from_the_last_reading_before(sender):
    for second, value in [(-420, 10.0), (-360, 12.0), (-240, 15.0), (-60, 15.0), (30, 20.0)]:
        sender.deliver((ERRORS, value, second))
    roll_up(sender)
    assert only(rolled_up(), "increase") == [(2.0,), (3.0,), (5.0,)]


def test_a_counter_that_starts_again_counts_from_zero(sender):
    for second, value in [(-360, 100.0), (-240, 4.0), (-60, 6.0), (30, 1.0)]:
        sender.deliver((ERRORS, value, second))
    roll_up(sender)
    assert only(rolled_up(), "increase") == [(None,), (6.0,), (1.0,)]


def test_a_late_window_moves_the_increase_and_does_not_count_it_twice(sender):
    sender.deliver((ERRORS, 10.0, -900))
    sender.deliver((ERRORS, 30.0, 0))
    roll_up(sender)
    assert only(rolled_up(), "increase") == [(None,), (20.0,)]
    sender.deliver((ERRORS, 18.0, -360 - 600))
    roll_up(sender, seconds=1)
    assert only(rolled_up(), "increase") == [(None,), (8.0,), (12.0,)]


def test_a_reading_older_than_an_hour_is_no_baseline(sender):
    sender.deliver((ERRORS, 10.0, -3600 - 300))
    sender.deliver((ERRORS, 30.0, 0))
    roll_up(sender)
    assert only(rolled_up(), "increase") == [(None,), (None,)]


def test_stale_markers_end_no_counter_and_are_no_readings(sender):
    sender.deliver((ERRORS, 10.0, -120), (ERRORS, STALE, -60), (ERRORS, 12.0, 0), ("load", STALE, 0))
    roll_up(sender)
    assert only(rolled_up(), "metric", "count", "increase") == [(ERRORS["__name__"], 2, 2.0)]


def test_flagged_metrics_have_a_sketch_and_others_none(sender):
    values = [21.0, 22.5, 22.6, 40.0]
    sender.deliver(*[(INLET, value, -15 * n) for n, value in enumerate(values)], ("load", 1.0, 0))
    roll_up(sender)
    inlet, load = rolled_up()
    assert counts_of(Sketch.from_arrays(inlet["sketch_buckets"], inlet["sketch_counts"])) == counts_of(
        Sketch.build(values)
    )
    assert load["sketch_buckets"] is None


def test_hours_are_made_of_their_windows_once_they_are_over(sender):
    for minute in range(60, 0, -5):
        sender.deliver((ERRORS, 60.0 - minute, -60 * minute + 1), (INLET, 20.0 + minute, -60 * minute + 1))
    assert roll_up(sender, seconds=29) > 0
    assert rolled_up("1h") == []
    assert roll_up(sender, seconds=301) > 0
    errors, inlet = sorted(rolled_up("1h"), key=lambda row: row["metric"], reverse=True)
    assert (errors["count"], errors["increase"], errors["last"]) == (12, 55.0, 55.0)
    assert (inlet["min"], inlet["max"], inlet["last"]) == (25.0, 80.0, 25.0)
    assert sum(inlet["sketch_counts"]) == 12
    assert inlet["sketch_buckets"] == sorted(set(inlet["sketch_buckets"]))


def test_a_late_sample_reaches_the_hour_too(sender):
    sender.deliver(("load", 1.0, -3600), ("load", 1.0, -1800))
    roll_up(sender)
    before = {row["start"]: row["count"] for row in rolled_up("1h")}
    sender.deliver(("load", 1.0, -360 - 1790))
    roll_up(sender, seconds=1)
    after = {row["start"]: row["count"] for row in rolled_up("1h")}
    assert sum(after.values()) == sum(before.values()) + 1


def test_a_backlog_is_rolled_up_in_order_in_bounded_transactions(sender):
    windows = 2 * rollups.AT_ONCE + 1
    for window in range(windows):
        sender.deliver((ERRORS, 100.0 - window, -300 * window))
    roll_up(sender)
    assert only(rolled_up(), "increase") == [(None,)] + [(1.0,)] * (windows - 1)


def test_a_long_ended_series_that_comes_back_is_alive_again(sender):
    sender.deliver(("load", STALE, 0))
    assert Series.objects.get().ended_at is not None
    sender.clock.move(days=2)
    sender.deliver(("load", 1.0, 0))
    roll_up(sender)
    assert Series.objects.get().ended_at is None


def test_evidence_is_told_of_days_that_are_over(sender, porto):
    sender.deliver(("load", 1.0, 0))
    roll_up(sender)
    assert not LateDay.objects.exists()
    sender.deliver(("load", 1.0, -24 * 3600))
    roll_up(sender)
    assert [(late.site, late.on_date) for late in LateDay.objects.all()] == [
        (porto, (sender.clock.at - timedelta(days=1)).date())
    ]


def test_statements_do_not_grow_with_sources(sender, sender_of, porto, django_assert_num_queries):
    def statements():
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as seen:
            roll_up(sender)
        return len(seen)

    sender.deliver(("load", 1.0, 0))
    roll_up(sender)
    sender.deliver(("load", 1.0, 0))
    with_one = statements()
    for one in [sender, *(sender_of(porto) for _ in range(5))]:
        one.deliver(*[(f"m{n}", 1.0, 0) for n in range(20)])
    assert statements() == with_one
