"""Which entries of a team's calendar lie on which day."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from readiness.organisation.people.core.team_calendar import (
    CalendarEntry,
    EntryKind,
    days_from,
    entries_by_day,
    monday,
    span_of,
)

BERLIN = ZoneInfo("Europe/Berlin")
DAYS = days_from(date(2026, 11, 23), 2)


def entry(starts_at, ends_at, kind=EntryKind.ON_CALL, mark="P"):
    return CalendarEntry(kind=kind, lane="p1", mark=mark, title=mark, starts_at=starts_at, ends_at=ends_at)


def days_of(*entries):
    return sorted(day.day for _, day in entries_by_day(entries, DAYS, BERLIN))


def test_weeks_begin_on_mondays():
    assert monday(date(2026, 11, 29)) == DAYS[0]
    assert (len(DAYS), DAYS[-1]) == (14, date(2026, 12, 6))
    span = span_of(DAYS, BERLIN)
    assert (span.starts_at.isoformat(), span.ends_at.isoformat()) == (
        "2026-11-23T00:00:00+01:00",
        "2026-12-07T00:00:00+01:00",
    )


def test_a_shift_is_on_each_local_day_that_it_touches():
    # 23:00 UTC is midnight in Berlin.
    assert days_of(entry(datetime(2026, 11, 24, 17, tzinfo=UTC), datetime(2026, 11, 25, 5, tzinfo=UTC))) == [
        24,
        25,
    ]
    assert days_of(entry(datetime(2026, 11, 24, 17, tzinfo=UTC), datetime(2026, 11, 24, 23, tzinfo=UTC))) == [
        24
    ]


def test_what_began_before_and_ends_after_the_weeks_is_on_all_of_their_days():
    assert len(days_of(entry(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)))) == 14


def test_a_moment_is_on_its_day():
    at = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)
    assert days_of(entry(at, at)) == [26]


def test_the_weightiest_entry_of_a_day_comes_first():
    at = datetime(2026, 11, 25, 10, tzinfo=UTC)
    entries = [
        entry(at, at, kind, kind.value) for kind in (EntryKind.CAPACITY, EntryKind.ON_CALL, EntryKind.AWAY)
    ]
    [listed] = entries_by_day(entries, DAYS, BERLIN).values()
    assert [each.kind for each in listed] == [EntryKind.AWAY, EntryKind.ON_CALL, EntryKind.CAPACITY]
