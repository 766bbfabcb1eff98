"""Calendars of others, as iCalendar (RFC 5545): each event is a shift of one person.

Events are as Google, Outlook and Grafana OnCall write them. Who has the shift stands in SUMMARY, else in DESCRIPTION,
else in ATTENDEE. `[L0]` to `[L9]` at the start of SUMMARY is the level of OnCall, where the highest present is called
first: at each instant those of the highest level are primary, of the next secondary, of the one after tertiary. An
event without a level has level 0.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain, islice
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, available_timezones

from readiness.people.core.recurrence import SOON, RuleRefused, starts_of
from readiness.people.core.rotations import PlannedShift, ShiftOrigin

if TYPE_CHECKING:
    from icalendar import Event

MOST_BYTES = 5 * 1024 * 1024
MOST_EVENTS = 5_000
MOST_SHIFTS = 20_000
MOST_STEPS = 300_000
"""Steps that following the rules may take, from the first occurrence of each to the end of the time looked at."""
LONGEST_LINE = 20_000
TERTIARY = 3
_STEP = {
    "HOURLY": timedelta(hours=1),
    "DAILY": timedelta(days=1),
    "WEEKLY": timedelta(days=7),
    "MONTHLY": timedelta(days=28),
    "YEARLY": timedelta(days=365),
}
_SPREAD = ("BYHOUR", "BYMINUTE", "BYSECOND", "BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYMONTH")
_LEVEL = re.compile(r"\[L(\d)\]\s*", re.IGNORECASE)
_WORD = re.compile(r"[^\s,;:()<>\[\]\"]+")


class CalendarRefused(ValueError):
    """A calendar that cannot be taken; `line` is where, counted from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"Line {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _ReadEvent:
    line: int
    event: "Event"


def calendar_shifts(
    content: bytes, people: Mapping[str, int], *, time_zone: str, start: datetime, end: datetime
) -> list[PlannedShift]:
    """Shifts that touch the time from `start` to `end`. `people` are ids by user name and e-mail in small letters;
    `time_zone` holds where the calendar names none. Raises CalendarRefused."""
    zone_name, events = _read(content)
    zone = ZoneInfo(zone_name or time_zone)
    shifts = list(islice(_ranked_shifts(events, people, zone, start, end), MOST_SHIFTS + 1))
    if len(shifts) > MOST_SHIFTS:
        raise CalendarRefused(1, f"There are more than {MOST_SHIFTS} shifts.")
    return _called_in_order(shifts)


def _read(content: bytes) -> tuple[str, list[_ReadEvent]]:
    if len(content) > MOST_BYTES:
        raise CalendarRefused(1, f"A calendar has {MOST_BYTES} bytes at most.")
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise CalendarRefused(content.count(b"\n", 0, error.start) + 1, "This is no UTF-8.") from error
    if not lines or lines[0].strip().upper() != "BEGIN:VCALENDAR":
        raise CalendarRefused(1, "A calendar begins with BEGIN:VCALENDAR.")
    if lines[-1].strip().upper() != "END:VCALENDAR" and "END:VCALENDAR" not in map(str.strip, lines[-3:]):
        raise CalendarRefused(len(lines), "The calendar is cut off: END:VCALENDAR is missing.")
    zone_name = ""
    events: list[Any] = []
    begun: int | None = None
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE:
            raise CalendarRefused(number, f"A line has {LONGEST_LINE} characters at most.")
        word = line.strip().upper()
        if word == "BEGIN:VEVENT":
            if begun is not None:
                raise CalendarRefused(number, "An event begins inside another.")
            begun = number
            if len(events) == MOST_EVENTS:
                raise CalendarRefused(number, f"There are more than {MOST_EVENTS} events.")
        elif word == "END:VEVENT":
            if begun is None:
                raise CalendarRefused(number, "No event begins before this end.")
            events.append(_event(begun, lines[begun - 1 : number]))
            begun = None
        elif begun is None and word.startswith("X-WR-TIMEZONE"):
            zone_name = _zone_name(number, line)
    if begun is not None:
        raise CalendarRefused(begun, "The event that begins here has no end.")
    return zone_name, events


def _zone_name(number: int, line: str) -> str:
    name = line.partition(":")[2].strip()
    if name not in available_timezones():
        raise CalendarRefused(number, f"{name[:64]} is no IANA time zone.")
    return name


def _event(number: int, lines: Sequence[str]) -> _ReadEvent:
    from icalendar import Event  # 3 MB that a process without a calendar to read does not need

    try:
        event = Event.from_ical("\r\n".join(lines))
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise CalendarRefused(
            number, f"The event that begins here cannot be read: {_short(error)}."
        ) from error
    assert isinstance(event, Event)
    for name, reason in event.errors:
        raise CalendarRefused(
            _line_of(name, number, lines), f"{name or 'This'} cannot be read: {reason[:100]}."
        )
    if "DTSTART" not in event:
        raise CalendarRefused(number, "The event that begins here has no DTSTART.")
    for name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
        value = event.get(name)
        zone = getattr(value, "params", {}).get("TZID") if value is not None else None
        at = getattr(value, "dt", None)
        if value is not None and not isinstance(at, date):
            raise CalendarRefused(_line_of(name, number, lines), f"{name} is no time.")
        if zone and isinstance(at, datetime) and at.tzinfo is None:
            raise CalendarRefused(
                _line_of(name, number, lines), f"The time zone {str(zone)[:64]} is not known."
            )
    return _ReadEvent(number, event)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:100].rstrip(".")


def _line_of(name: str | None, number: int, lines: Sequence[str]) -> int:
    wanted = (name or "\0").upper()
    places = (place for place, line in enumerate(lines) if line.upper().startswith(wanted))
    return number + next(places, 0)


@dataclass(frozen=True, slots=True)
class _Ranked:
    rank: int
    shift: PlannedShift


def _ranked_shifts(
    events: Sequence[_ReadEvent], people: Mapping[str, int], zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[_Ranked]:
    by_uid: dict[str, list[_ReadEvent]] = {}
    steps = 0
    for read in events:
        steps += _steps(read, zone, end)
        if steps > MOST_STEPS:
            raise CalendarRefused(read.line, "The events up to here repeat too often.")
        by_uid.setdefault(str(read.event.get("UID", f"line {read.line}")), []).append(read)
    for series in by_uid.values():
        for occurrence in _occurrences(series, zone, start, end):
            yield from _shift(occurrence, people, zone, start, end)


def _occurrences(series: Sequence[_ReadEvent], zone: ZoneInfo, start: datetime, end: datetime) -> list[Any]:
    import recurring_ical_events  # large, as in _event
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("X-WR-TIMEZONE", zone.key)
    for read in series:
        calendar.add_component(read.event)
    # A day more on both sides: days without a zone are compared as days of UTC.
    day = timedelta(days=1)
    try:
        return list(recurring_ical_events.of(calendar).between(start - day, end + day))
    except (ValueError, TypeError, KeyError, OverflowError, AttributeError) as error:
        reason = f"The event that begins here cannot be followed: {_short(error)}."
        raise CalendarRefused(series[0].line, reason) from error


def _steps(read: _ReadEvent, zone: ZoneInfo, end: datetime) -> int:
    """How many steps the rules of an event take at most. Raises CalendarRefused for one that never comes true."""
    begins: Any = read.event["DTSTART"]
    first = _instant(begins.dt, zone, read.line)
    steps = sum(
        len(getattr(each, "dts", ())) for name in ("RDATE", "EXDATE") for each in _all(read.event, name)
    )
    for rule in _all(read.event, "RRULE"):
        step = _STEP.get(str(next(iter(rule.get("FREQ", [])), "")))
        if step is None:
            raise CalendarRefused(read.line, "The event that begins here repeats more often than hourly.")
        spread = 1
        for name in _SPREAD:
            spread *= max(len(rule.get(name, ())), 1)
        steps += spread * max(int((end - first) / step) + 1, 1)
        _refuse_endless(read.line, rule, first.replace(tzinfo=None))
    return steps


def _refuse_endless(line: int, rule: Any, first: datetime) -> None:
    parts = rule.to_ical().decode().upper().split(";")
    text = ";".join(part for part in parts if not part.startswith(("COUNT=", "UNTIL=")))
    try:
        comes = next(starts_of(text, first, first + SOON), None)
    except (RuleRefused, OverflowError) as error:
        raise CalendarRefused(line, str(error)) from error
    if comes is None:
        raise CalendarRefused(line, "The rule never comes true after DTSTART.")


def _all(event: "Event", name: str) -> list[Any]:
    value = event.get(name)
    return [] if value is None else value if isinstance(value, list) else [value]


def _instant(at: date | datetime, zone: ZoneInfo, line: int = 1) -> datetime:
    """A day begins in the calendar's zone; so does a time without a zone."""
    try:
        if not isinstance(at, datetime):
            at = datetime(at.year, at.month, at.day, tzinfo=zone)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError as error:
        raise CalendarRefused(line, "The event that begins here is out of all time.") from error


def _shift(
    event: Any, people: Mapping[str, int], zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[_Ranked]:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return
    starts_at, ends_at = _instant(event.start, zone), _instant(event.end, zone)
    if not (starts_at < ends_at and starts_at < end and ends_at > start):
        return
    summary = str(event.get("SUMMARY", "")).strip()
    marked = _LEVEL.match(summary)
    person, name = _who(event, summary[marked.end() :] if marked else summary, people)
    yield _Ranked(
        int(marked[1]) if marked else 0,
        PlannedShift(
            level=1,
            person=person,
            starts_at=starts_at,
            ends_at=ends_at,
            origin=ShiftOrigin.CALENDAR,
            unknown_name="" if person else name,
        ),
    )


def _who(event: Any, summary: str, people: Mapping[str, int]) -> tuple[int | None, str]:
    attendees = [
        str(each).removeprefix("mailto:").removeprefix("MAILTO:") for each in _all(event, "ATTENDEE")
    ]
    texts = [text for text in (summary, str(event.get("DESCRIPTION", "")), *attendees) if text.strip()]
    for text in texts:
        words = chain([text.strip()], _WORD.findall(text))
        person = next((people[word.casefold()] for word in words if word.casefold() in people), None)
        if person is not None:
            return person, ""
    return None, (" ".join(texts[0].split())[:200] if texts else "without a name")


def _called_in_order(ranked: Sequence[_Ranked]) -> list[PlannedShift]:
    """The same shifts, cut where their place among those present changes."""
    edges = sorted({at for each in ranked for at in (each.shift.starts_at, each.shift.ends_at)})
    begins: dict[datetime, list[int]] = {}
    ends: dict[datetime, list[int]] = {}
    for place, each in enumerate(ranked):
        begins.setdefault(each.shift.starts_at, []).append(place)
        ends.setdefault(each.shift.ends_at, []).append(place)
    present: dict[int, tuple[int, datetime]] = {}
    parts: list[PlannedShift] = []
    active: set[int] = set()
    for at in edges:
        active = (active - set(ends.get(at, ()))) | set(begins.get(at, ()))
        order = sorted({ranked[place].rank for place in active}, reverse=True)
        now = {place: order.index(ranked[place].rank) + 1 for place in active}
        for place, (level, since) in list(present.items()):
            if now.get(place) != level:
                parts.append(replace(ranked[place].shift, level=level, starts_at=since, ends_at=at))
                del present[place]
        for place, level in now.items():
            if place not in present:
                present[place] = (level, at)
    return [part for part in parts if part.level <= TERTIARY]
