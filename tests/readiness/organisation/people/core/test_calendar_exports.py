"""Calendars in the forms of Google, Outlook, Exchange, PagerDuty and Opsgenie, against what `expected.txt` says."""

import gc
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import thread_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.organisation.people.core.calendar_lines import CalendarRefused, written_calendar
from readiness.organisation.people.core.calendar_zones import CalendarZones
from readiness.organisation.people.core.calendars import read_calendar

EXPORTS = Path(__file__).parent / "exports"
NAMES = ("ana", "bo", "cai")
PEOPLE = {each: number for number, name in enumerate(NAMES, 1) for each in (name, f"{name}@example.org")}
SHIFTS = re.compile(r"(\S{10})(?:\.\.(\S{10}))? (\d\d:\d\d) (\d\d:\d\d)(?:\+(\d))? (\S+) (.+?)(?: (\d))?")
DEFAULTS = ("2026-10-19", "2026-11-09", "Europe/Berlin")
DAY = timedelta(days=1)


def instant(day, time, zone):
    local = datetime.fromisoformat(f"{day} {time}")
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def shifts_of(row):
    """Count days on the wall: each shift begins and ends at its time of day."""
    first, last, begins, ends, later, zone, who, level = SHIFTS.fullmatch(row).groups()
    on = datetime.fromisoformat(first)
    while on <= datetime.fromisoformat(last or first):
        until = on + int(later or 0) * DAY
        yield instant(on.date(), begins, zone), instant(until.date(), ends, zone), int(level or 1), who
        on += DAY


def expectations():
    for text in (EXPORTS / "expected.txt").read_text(encoding="utf-8").split("\n[")[1:]:
        head, *rows = text.splitlines()
        name, _, options = head.partition("]")
        yield pytest.param(name, options.split(), [row for row in rows if row], id=name)


def read(content, options):
    first, last, zone = [*options, *DEFAULTS[len(options) :]]
    start, end = (instant(day, "00:00", "UTC") for day in (first, last))
    return read_calendar(content, PEOPLE, time_zone=zone, start=start, end=end)


@pytest.mark.parametrize(("name", "options", "rows"), list(expectations()))
def test_an_export_is_what_was_worked_out_by_hand_or_is_refused_with_its_line(name, options, rows):
    content = (EXPORTS / f"{name}.ics").read_bytes().replace(b"\n", b"\r\n")
    if rows and rows[0].startswith("line "):
        _, line, reason = rows[0].split(" ", 2)
        with pytest.raises(CalendarRefused, match=re.escape(reason)) as refused:
            read(content, options)
        assert refused.value.line == int(line)
        return
    calendar = read(content, options)
    shifts = {
        (
            each.starts_at,
            each.ends_at,
            each.level,
            NAMES[each.person - 1] if each.person else each.unknown_name,
        )
        for each in calendar.shifts
    }
    assert shifts == {shift for row in rows if not row.startswith("at ") for shift in shifts_of(row)}
    moments = {(str(each.line), each.at) for each in calendar.moments}
    rows_of_moments = [row.split()[1:] for row in rows if row.startswith("at ")]
    assert moments == {(line, instant(day, time, zone)) for line, day, time, zone in rows_of_moments}


def test_each_export_has_an_expectation():
    names = {each.values[0] for each in expectations()}
    assert names == {path.stem for path in EXPORTS.glob("*.ics")}
    assert len(names) >= 40


def described(name):
    """The zone of Berlin as Outlook describes it."""
    content = (EXPORTS / "outlook-customized-zone.ics").read_bytes()
    return CalendarZones(written_calendar(content).zones).zone(name, 1)


@given(
    local=st.datetimes(datetime(1997, 1, 1), datetime(2037, 12, 31))  # noqa: DTZ001
    | st.builds(
        lambda day, minutes: datetime(2026, *day) + timedelta(minutes=minutes),  # noqa: DTZ001
        st.sampled_from([(3, 29), (10, 25)]),
        st.integers(0, 300),
    ),
    fold=st.integers(0, 1),
)
def test_a_described_zone_has_the_offsets_of_the_zone_that_it_describes(local, fold):
    """Also for times that come twice and those that are skipped."""
    offsets = [
        local.replace(tzinfo=zone, fold=fold).utcoffset()
        for zone in (described("Customized Time Zone"), ZoneInfo("Europe/Berlin"))
    ]
    assert offsets[0] == offsets[1]


@given(
    on=st.dates(date(2026, 3, 26), date(2026, 4, 1)) | st.dates(date(2026, 10, 22), date(2026, 11, 2)),
    hour=st.integers(4, 23),
    days=st.integers(0, 3),
    hours=st.integers(1, 30),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Tokyo"]),
)
def test_days_of_a_duration_are_days_of_the_clock_and_its_hours_pass(on, hour, days, hours, zone):
    line = f"{on:%Y%m%d}T{hour:02}0000"
    event = event_of(f"DTSTART;TZID={zone}:{line}", f"DURATION:P{days}DT{hours}H")
    first = instant(on, f"{hour:02}:00", zone)
    wall = instant(on + days * DAY, f"{hour:02}:00", zone)
    [shift] = read_calendar(event, PEOPLE, time_zone="UTC", start=first - DAY, end=first + DAY).shifts
    assert (shift.starts_at, shift.ends_at) == (first, wall + timedelta(hours=hours))


def event_of(*lines, times=1):
    events = (
        "\r\n".join(["BEGIN:VEVENT", f"UID:{number}", "SUMMARY:ana", *lines, "END:VEVENT", ""])
        for number in range(times)
    )
    return f"BEGIN:VCALENDAR\r\n{''.join(events)}END:VCALENDAR\r\n".encode()


@pytest.mark.parametrize(
    ("lines", "times"),
    [
        (("DTSTART:20261001T080000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY"), 1_000),
        (("DTSTART:20200101T080000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;BYDAY=MO,WE"), 1_000),
        (("DTSTART:20261001T080000Z", "DURATION:PT1H", "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR"), 2_000),
        (("DTSTART:20261001T080000Z", "DURATION:PT1H", "RRULE:FREQ=MONTHLY;BYMONTH=2;BYDAY=5SU"), 2_000),
        (("DTSTART:20261001T080000Z", "DURATION:PT1H", "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=29"), 2_000),
        (("DTSTART:20261001T080000Z", *["EXDATE:" + ",".join(["20261025T080000Z"] * 1_000)] * 2), 140),
        (("DTSTART:20261001T080000Z", "DURATION:PT1H"), 5_001),
    ],
    ids=["daily", "for years", "most days", "in 2032", "on 29 February", "exceptions", "events"],
)
def test_too_much_is_refused_within_seconds(lines, times):
    content = event_of(*lines, times=times)

    def seconds():
        # What other tests left in memory is not collected meanwhile.
        gc.disable()
        try:
            began = thread_time()
            with pytest.raises(CalendarRefused):
                read(content, [])
            return thread_time() - began
        finally:
            gc.enable()

    # A quarter of a second on a quiet core; to read all of it would take minutes.
    assert any(seconds() < 5 for _ in range(3))
