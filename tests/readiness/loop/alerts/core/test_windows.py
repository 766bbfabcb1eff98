"""Occurrences of maintenance windows, also where the clocks change."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.loop.alerts.core.windows import (
    WindowOccurrence,
    WindowSeries,
    next_occurrence,
    occurrences,
    refuse_rule,
)
from readiness.organisation.people.core.recurrence import RuleRefused

LISBON = ZoneInfo("Europe/Lisbon")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST = datetime(2026, 1, 1)  # noqa: DTZ001  (a local time)


def at(*local, zone=LISBON, fold=0):
    return datetime(*local, tzinfo=zone, fold=fold).astimezone(UTC)


def series(starts_at, *, hours=2.0, last=None, rule="", zone="Europe/Lisbon"):
    duration = timedelta(hours=hours)
    return WindowSeries(
        starts_at=starts_at,
        duration=duration,
        last_ends_at=last or starts_at + duration,
        rule=rule,
        time_zone=zone,
    )


SUNDAYS = series(at(2026, 3, 15, 3), last=at(2026, 12, 1, 0), rule="FREQ=WEEKLY;BYDAY=SU")


def test_a_window_without_a_rule_comes_once():
    once = series(at(2026, 3, 15, 3))
    [only] = occurrences(once, after=once.starts_at - DAY)
    assert only == WindowOccurrence(once.starts_at, once.starts_at + 2 * HOUR)
    assert next_occurrence(once, after=only.ends_at) is None


def test_it_keeps_its_time_of_day_over_both_changes_of_the_clocks():
    starts = [each.starts_at for each in occurrences(SUNDAYS, after=SUNDAYS.starts_at)]
    assert {start.astimezone(LISBON).hour for start in starts} == {3}
    # The clocks went forward on 29 March and back on 25 October.
    assert [start.hour for start in starts if start.month == 3] == [3, 3, 2]
    assert [start.hour for start in starts if start.month in (10, 11)] == [2, 2, 2, 3, 3, 3, 3, 3, 3]


@pytest.mark.parametrize(
    ("starts_at", "real_start", "real_end"),
    [
        pytest.param(
            (2026, 3, 22, 1, 30),
            (2026, 3, 29, 1, 30),
            (2026, 3, 29, 3, 30),
            id="a skipped start comes an hour later",
        ),
        pytest.param(
            (2026, 10, 18, 1, 30), (2026, 10, 25, 0, 30), (2026, 10, 25, 2, 30), id="the first of two starts"
        ),
        pytest.param(
            (2026, 3, 21, 23, 30),
            (2026, 3, 28, 23, 30),
            (2026, 3, 29, 1, 30),
            id="it lasts as long over the change",
        ),
    ],
)
def test_it_lasts_as_long_as_it_says_where_the_clocks_change(starts_at, real_start, real_end):
    first = at(*starts_at)
    weekly = series(first, last=first + 30 * DAY, rule="FREQ=WEEKLY")
    second = next_occurrence(weekly, after=first + 2 * HOUR)
    assert second == WindowOccurrence(at(*real_start, zone=UTC), at(*real_end, zone=UTC))


def test_a_first_start_in_the_second_of_two_hours_is_not_the_hour_before():
    first = at(2026, 10, 25, 1, 30, fold=1)
    weekly = series(first, last=first + 30 * DAY, rule="FREQ=WEEKLY")
    assert next_occurrence(weekly, after=first - DAY).starts_at == first


def test_the_one_under_way_is_the_next():
    middle = SUNDAYS.starts_at + HOUR
    assert next_occurrence(SUNDAYS, after=middle).starts_at == SUNDAYS.starts_at
    assert (
        next_occurrence(SUNDAYS, after=SUNDAYS.starts_at + 2 * HOUR).starts_at == SUNDAYS.starts_at + 7 * DAY
    )


def test_none_goes_on_after_the_last_end():
    cut = series(at(2026, 5, 3, 3), last=at(2026, 5, 10, 4), rule="FREQ=WEEKLY")
    assert [each.ends_at for each in occurrences(cut, after=cut.starts_at)] == [
        at(2026, 5, 3, 5),
        at(2026, 5, 10, 4),
    ]


@pytest.mark.parametrize(
    ("rule", "hours", "reason"),
    [
        pytest.param("FREQ=SECONDLY", 1, "hourly at most", id="too often"),
        pytest.param("FREQ=WEEKLY;COUNT=3", 1, "end of its own", id="count"),
        pytest.param("FREQ=WEEKLY;UNTIL=20270101T000000", 1, "end of its own", id="until"),
        pytest.param("nonsense", 1, "such as", id="nonsense"),
        pytest.param("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 1, "never comes true", id="30 February"),
        pytest.param("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=3", 1, "before the last end", id="too late"),
        pytest.param("FREQ=DAILY", 30, "begin again before it ended", id="overlap"),
    ],
)
def test_a_rule_is_refused_that_gives_nothing_or_too_much(rule, hours, reason):
    first = at(2026, 5, 3, 3)
    with pytest.raises(RuleRefused, match=reason):
        refuse_rule(series(first, hours=hours, last=first + 60 * DAY, rule=rule))


@pytest.mark.parametrize("rule", ["", "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SA,SU", "FREQ=MONTHLY;BYDAY=2SU"])
def test_a_plain_rule_is_taken(rule):
    first = at(2026, 5, 3, 3)
    refuse_rule(series(first, last=first + 90 * DAY, rule=rule))


@given(
    first=st.datetimes(FIRST, FIRST + 365 * DAY, timezones=st.just(LISBON)),
    rule=st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SU", "FREQ=MONTHLY", "FREQ=DAILY;INTERVAL=3"]),
    minutes=st.integers(1, 1200),
    days=st.integers(2, 400),
    moment=st.integers(0, 400 * 24 * 60),
)
def test_occurrences_are_whole_in_order_and_never_overlap(first, rule, minutes, days, moment):
    start = first.astimezone(UTC)
    window = series(start, hours=minutes / 60, last=start + days * DAY, rule=rule)
    listed = list(occurrences(window, after=start))
    assert all(each.starts_at < each.ends_at <= window.last_ends_at for each in listed)
    assert all(each.ends_at - each.starts_at == window.duration for each in listed[:-1])
    # A day in spring has 23 hours, so a window of 20 hours still ends before the next.
    assert all(earlier.ends_at <= later.starts_at for earlier, later in pairwise(listed))
    at_moment = start + timedelta(minutes=moment)
    following = [each for each in listed if each.ends_at > at_moment]
    assert next_occurrence(window, after=at_moment) == (following[0] if following else None)
