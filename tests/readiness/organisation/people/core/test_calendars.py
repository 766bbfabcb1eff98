"""Calendars as Google, Outlook and Grafana OnCall write them, and those that are refused."""

# Times of day are local: each test says in which zone.
# ruff: noqa: DTZ001

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.organisation.people.core import calendar_lines, calendars
from readiness.organisation.people.core.calendar_lines import CalendarRefused
from readiness.organisation.people.core.calendars import read_calendar

ZONES = ["Europe/Berlin", "America/New_York", "Asia/Tokyo"]
BEGINS = [datetime(2026, 3, 22), datetime(2026, 10, 20), datetime(2026, 10, 27), datetime(2026, 3, 5)]
FORTNIGHT, HOUR = timedelta(days=14), timedelta(hours=1)
PEOPLE = {"ana": 1, "bo@example.org": 2, "cai": 3}
OF_WINDOWS = {
    "Europe/Berlin": "W. Europe Standard Time",
    "America/New_York": "Eastern Standard Time",
    "Asia/Tokyo": "Tokyo Standard Time",
}


def calendar(*events, zone="Europe/Berlin", maker="Google"):
    head = ["BEGIN:VCALENDAR", f"PRODID:-//{maker}//EN", "VERSION:2.0", f"X-WR-TIMEZONE:{zone}"]
    lines = [*head, *(line for event in events for line in ("BEGIN:VEVENT", *event, "END:VEVENT"))]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def stamp(local):
    return local.strftime("%Y%m%dT%H%M%S")


def event(summary, starts, ends, *more, uid="a@example.org", tzid="Europe/Berlin"):
    return (
        f"UID:{uid}",
        "DTSTAMP:20260101T000000Z",
        f"DTSTART;TZID={tzid}:{stamp(starts)}",
        f"DTEND;TZID={tzid}:{stamp(ends)}",
        f"SUMMARY:{summary}",
        *more,
    )


def instant(local, zone="Europe/Berlin"):
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def read(content, start=datetime(2026, 10, 19), end=datetime(2026, 11, 2), zone="UTC"):
    shifts = read_calendar(content, PEOPLE, time_zone=zone, start=instant(start), end=instant(end)).shifts
    return sorted(
        ((each.starts_at, each.ends_at, each.level, each.person or each.unknown_name) for each in shifts),
        key=lambda row: row[:3],
    )


@given(
    zone=st.sampled_from(ZONES),
    maker=st.sampled_from(["google", "outlook"]),
    begins=st.sampled_from(BEGINS),
    hour=st.integers(4, 22),
    hours=st.integers(1, 12),
    left_out=st.sets(st.integers(0, 20), max_size=3),
    edited=st.sets(st.integers(0, 20), max_size=2),
    cancelled=st.sets(st.integers(0, 20), max_size=2),
)
def test_a_fortnight_equals_what_is_counted_by_hand(
    zone, maker, begins, hour, hours, left_out, edited, cancelled
):
    first = begins - timedelta(days=4) + hour * HOUR
    tzid = zone if maker == "google" else OF_WINDOWS[zone]
    day = lambda number: first + timedelta(days=number)  # noqa: E731
    series = event(
        "Ana",
        first,
        first + hours * HOUR,
        "RRULE:FREQ=DAILY",
        *(f"EXDATE;TZID={tzid}:{stamp(day(number))}" for number in sorted(left_out)),
        tzid=tzid,
    )
    instances = []
    for number in sorted((edited | cancelled) - left_out):
        more = (f"RECURRENCE-ID;TZID={tzid}:{stamp(day(number))}",)
        more += ("STATUS:CANCELLED",) if number in cancelled else ()
        starts = day(number) + HOUR / 2
        instances.append(event("bo@example.org", starts, starts + hours * HOUR, *more, tzid=tzid))
    start, end = instant(begins, zone), instant(begins + FORTNIGHT, zone)
    expected = set()
    for number in set(range(30)) - left_out - cancelled:
        starts = day(number) + (HOUR / 2 if number in edited else 0 * HOUR)
        at = instant(starts, zone), instant(starts + hours * HOUR, zone)
        if at[0] < end and at[1] > start:
            expected.add((*at, 2 if number in edited else 1))
    content = calendar(series, *instances, zone=zone)
    shifts = read_calendar(content, PEOPLE, time_zone="UTC", start=start, end=end).shifts
    assert {(each.starts_at, each.ends_at, each.person) for each in shifts} == expected


NINE = datetime(2026, 10, 20, 9)


@pytest.mark.parametrize(
    ("lines", "person"),
    [
        (("SUMMARY:ANA",), 1),
        (("SUMMARY:On call: Bo@Example.org",), 2),
        (("SUMMARY:[L1] cai",), 3),
        (("SUMMARY:On call", "DESCRIPTION:cai\\, as agreed"), 3),
        (("SUMMARY:On call", "ATTENDEE;CN=Bo:mailto:bo@example.org"), 2),
        (("SUMMARY:Zoe",), "Zoe"),
        (("ATTENDEE:mailto:zoe@example.org",), "zoe@example.org"),
        ((), "without a name"),
    ],
    ids=["any case", "e-mail", "level", "description", "attendee", "unknown", "unknown attendee", "nothing"],
)
def test_whose_shift_it_is(lines, person):
    shift = (
        "UID:x",
        f"DTSTART;TZID=Europe/Berlin:{stamp(NINE)}",
        f"DTEND;TZID=Europe/Berlin:{stamp(NINE + HOUR)}",
    )
    assert [row[3] for row in read(calendar((*shift, *lines)))] == [person]


def test_all_day_is_a_day_of_the_calendars_zone():
    """Google's file gives the same shifts in the night when an hour comes twice."""
    content = calendar(("UID:d", "DTSTART;VALUE=DATE:20261024", "DTEND;VALUE=DATE:20261026", "SUMMARY:ana"))
    days = [datetime(2026, 10, 24), datetime(2026, 10, 26)]
    assert read(content, zone="Asia/Tokyo") == [(*map(instant, days), 1, 1)]
    assert days[1] - days[0] == timedelta(days=2)
    begins, ends, *_ = read(content)[0]
    assert ends - begins == 49 * HOUR


def test_what_is_written_in_utc_repeats_in_utc():
    """OnCall's shifts do, whatever zone the calendar has; a time without a zone is one of the calendar's zone."""
    times = lambda suffix: (f"DTSTART:20261024T080000{suffix}", f"DTEND:20261024T200000{suffix}")  # noqa: E731
    more = ("UID:u", "RRULE:FREQ=DAILY;COUNT=3", "SUMMARY:ana")
    content = calendar((*times("Z"), *more, "EXDATE:20261025T080000Z"))
    assert [row[0] for row in read(content)] == [datetime(2026, 10, day, 8, tzinfo=UTC) for day in (24, 26)]
    floating = read(calendar((*times(""), *more)))
    assert [row[0] for row in floating] == [instant(datetime(2026, 10, day, 8)) for day in (24, 25, 26)]


def test_the_highest_level_is_called_first():
    """OnCall calls all who overlap at one level, and the next level moves up when nobody is there."""
    hours = lambda first, last: (NINE + first * HOUR, NINE + last * HOUR)  # noqa: E731
    content = calendar(
        event("[L0] ana", *hours(0, 8), uid="1"),
        event("[L2] bo@example.org", *hours(2, 4), uid="2"),
        event("cai", *hours(2, 4), uid="3"),
        maker="Grafana Labs//Grafana On-Call",
    )
    at = lambda hour: instant(NINE + hour * HOUR)  # noqa: E731
    assert set(read(content)) == {
        (at(0), at(2), 1, 1),
        (at(2), at(4), 2, 1),
        (at(4), at(8), 1, 1),
        (at(2), at(4), 1, 2),
        (at(2), at(4), 2, 3),
    }


def test_a_change_of_zone_in_one_instance():
    moved = event(
        "ana",
        datetime(2026, 10, 21, 9),
        datetime(2026, 10, 21, 10),
        f"RECURRENCE-ID;TZID=Europe/Berlin:{stamp(NINE + timedelta(days=1))}",
        tzid="America/New_York",
    )
    content = calendar(event("ana", NINE, NINE + HOUR, "RRULE:FREQ=DAILY;COUNT=2"), moved)
    assert [row[0] for row in read(content)] == [
        instant(NINE),
        instant(datetime(2026, 10, 21, 9), "America/New_York"),
    ]


MINUTES = ",".join(map(str, range(60)))
GOOD = event("ana", NINE, NINE + HOUR)


def test_what_stands_beside_the_times_is_passed_over():
    """Folded lines, alarms, a name after a line separator, and line ends of other systems."""
    alarm = ("BEGIN:VALARM", "DTSTART:soon", "SUMMARY:bo@example.org", "END:VALARM")
    folded = ("UID:x", "DTST", " ART:20261020T070000Z", "DTEND:20261020T080000Z", "SUMMARY:a", " n", "\ta")
    expected = read(calendar(GOOD))
    for lines in (GOOD, (*GOOD, *alarm), folded, (*GOOD, "DESCRIPTION:x\u2028DTSTART:soon")):
        content = calendar(lines)
        assert read(content) == expected
        assert read(content.replace(b"\r\n", b"\n")) == expected


def test_an_attendee_may_have_a_colon_in_their_name():
    shift = (*GOOD[:4], 'ATTENDEE;CN="Bo: on call";PARTSTAT=ACCEPTED:mailto:bo@example.org')
    assert [row[3] for row in read(calendar(shift))] == [2]


@pytest.mark.parametrize(
    "events",
    [
        [event("ana", NINE + each * HOUR / 60, NINE + 9 * HOUR, uid=str(each)) for each in range(300)],
        [
            *(event("ana", NINE, NINE + 200 * HOUR, uid=str(each)) for each in range(300)),
            event("[L9] cai", NINE, NINE + HOUR / 2, "RRULE:FREQ=HOURLY;COUNT=99", uid="cut"),
        ],
    ],
    ids=["each beside all others", "each cut a hundred times"],
)
def test_calendars_are_bounded_in_what_they_come_to(events, monkeypatch):
    monkeypatch.setattr(calendars, "MOST_SHIFTS", 500)
    with suppress(CalendarRefused):
        assert len(read(calendar(*events))) <= 500


def many(number, *more):
    return calendar(*(event("ana", NINE, NINE + HOUR, *more, uid=str(each)) for each in range(number)))


BROKEN = [
    ("nothing", b"", 1, "BEGIN:VCALENDAR"),
    ("a page", b"<html>", 1, "BEGIN:VCALENDAR"),
    ("no text", b"BEGIN:VCALENDAR\r\n\xff\xfe", 2, "UTF-8"),
    ("cut off", calendar(GOOD)[:-15], 11, "cut off"),
    ("cut off in a line", calendar(GOOD)[:-20], 11, "begins before this end"),
    ("no end of an event", calendar(GOOD).replace(b"END:VEVENT\r\n", b""), 5, "has no end"),
    ("nested", calendar(("BEGIN:VEVENT",)), 6, "inside another"),
    ("no start", calendar(("UID:x", "SUMMARY:ana")), 5, "no DTSTART"),
    ("no date", calendar(("UID:x", "DTSTART:soon", "SUMMARY:ana")), 7, "DTSTART"),
    ("zone unknown", calendar(event("ana", NINE, NINE + HOUR, tzid="Mars/Base")), 8, "time zone"),
    ("zone of the calendar", calendar(GOOD, zone="Mars/Base"), 4, "Mars/Base"),
    ("each second", calendar(event("ana", NINE, NINE + HOUR, "RRULE:FREQ=SECONDLY")), 11, "hourly"),
    ("never", calendar(event("a", NINE, NINE, "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")), 11, "never"),
    ("from year one", calendar(event("a", datetime(1800, 1, 2), NINE, "RRULE:FREQ=HOURLY")), 5, "too often"),
    ("a bomb", many(200, "RRULE:FREQ=HOURLY;BYMINUTE=0,1,2,3,4,5,6,7,8,9"), None, "too often"),
    ("no interval", calendar(event("ana", NINE, NINE + HOUR, "RRULE:FREQ=DAILY;INTERVAL=0")), 11, "INTERVAL"),
    (
        "a calendar in a calendar",
        b"BEGIN:VCALENDAR\n" + calendar(GOOD) + b"END:VCALENDAR",
        2,
        "inside another",
    ),
    ("in a task", calendar(GOOD).replace(b"N:VEVENT", b"N:VTODO\nBEGIN:VEVENT"), 6, "outside the calendar"),
    ("rule of exceptions", calendar((*GOOD, "RRULE:FREQ=DAILY", "EXRULE:FREQ=WEEKLY")), 12, "EXRULE"),
    ("backwards", calendar(GOOD, event("ana", NINE, NINE - HOUR)), 16, "ends before it starts"),
    ("less than nothing", calendar((*GOOD[:3], "DURATION:-PT1H")), 9, "not less than nothing"),
    ("for ages", calendar((*GOOD[:3], "DURATION:P9999D")), 9, "366 days"),
    ("year one", calendar((*GOOD[:2], "DTSTART:00010101T000000")), 5, "out of all time"),
    (
        "year 9999",
        calendar(GOOD, event("a", NINE, datetime(9999, 12, 31, 23), tzid="America/New_York")),
        12,
        "time",
    ),
    (
        "exception of no zone",
        calendar((*GOOD, "RRULE:FREQ=DAILY", "EXDATE;TZID=Mars/Base:20261021T090000")),
        12,
        "zone",
    ),
    ("start twice", calendar((*GOOD, GOOD[2])), 11, "DTSTART stands twice"),
    ("no text in a name", calendar((*GOOD[:4], "SUMMARY:zo\0e")), 10, "character"),
    (
        "a year of minutes",
        calendar((*GOOD, f"RRULE:FREQ=DAILY;BYHOUR=1,2;BYMINUTE={MINUTES};BYSECOND={MINUTES}")),
        11,
        "more than",
    ),
    (
        "dates without end",
        calendar((*GOOD, "RDATE:" + "20261020,".join([""] * 2_000)[:-1], *["RDATE:20261020"] * 9_999)),
        None,
        "dates",
    ),
    ("long line", calendar(("UID:x", "SUMMARY:" + "a" * 30_000)), 7, "characters"),
]


@pytest.mark.parametrize(
    ("content", "line", "reason"), [each[1:] for each in BROKEN], ids=[each[0] for each in BROKEN]
)
def test_broken_and_hostile_calendars_are_refused_with_the_line(content, line, reason):
    with pytest.raises(CalendarRefused) as refused:
        read(content)
    assert reason in refused.value.reason
    assert line is None or refused.value.line == line
    assert str(refused.value).startswith(f"Line {refused.value.line}: ")


@pytest.mark.parametrize(
    ("module", "limit", "content"),
    [
        (calendar_lines, "MOST_BYTES", calendar(GOOD)),
        (calendar_lines, "MOST_EVENTS", many(3)),
        (calendars, "MOST_SHIFTS", many(3)),
    ],
)
def test_calendars_are_bounded(monkeypatch, module, limit, content):
    monkeypatch.setattr(module, limit, 2)
    with pytest.raises(CalendarRefused, match=r"more than 2|2 bytes"):
        read(content)


@given(place=st.integers(0, 2000), byte=st.binary(min_size=1, max_size=3))
def test_whatever_is_mangled_is_read_or_refused(place, byte):
    content = many(4, "RRULE:FREQ=WEEKLY;BYDAY=TU")
    place %= len(content)
    with suppress(CalendarRefused):
        read(content[:place] + byte + content[place + 1 :])
