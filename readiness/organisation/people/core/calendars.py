"""Calendars of others, as iCalendar (RFC 5545): each event is a shift of one person.

Events are as Google, Outlook and Grafana OnCall write them. Who has the shift stands in SUMMARY, else in DESCRIPTION,
else in ATTENDEE. `[L0]` to `[L9]` at the start of SUMMARY is the level of OnCall, where the highest present is called
first: at each instant those of the highest level are primary, of the next secondary, of the one after tertiary. An
event without a level has level 0.
"""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from readiness.organisation.people.core.calendar_lines import CalendarRefused, WrittenEvent, written
from readiness.organisation.people.core.recurrence import SOON, RuleRefused, starts_of
from readiness.organisation.people.core.rotations import PlannedShift, ShiftOrigin

if TYPE_CHECKING:
    from icalendar import Event

MOST_SHIFTS = 20_000
MOST_DATES = 10_000
MOST_STEPS = 300_000
"""Steps that following the rules may take, from the first occurrence of each to the end of the time looked at."""
LONGEST = timedelta(days=366)
TERTIARY = 3
_STEP = {
    "HOURLY": timedelta(hours=1),
    "DAILY": timedelta(days=1),
    "WEEKLY": timedelta(days=7),
    "MONTHLY": timedelta(days=28),
    "YEARLY": timedelta(days=365),
}
_OF_DAY = ("BYHOUR", "BYMINUTE", "BYSECOND")
_SPREAD = (*_OF_DAY, "BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYMONTH")
_INSTANTS = ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID")
_ONCE = frozenset({*_INSTANTS, "UID", "STATUS", "SEQUENCE"})
_TIMES = _ONCE | {"RRULE", "RDATE", "EXDATE"}
_TEXTS = frozenset({"SUMMARY", "DESCRIPTION", "ATTENDEE"})
_NAME = re.compile(r"[^;:]*")
_VALUE = re.compile(r'[^:"]*(?:"[^"]*"[^:"]*)*:')
_ESCAPED = re.compile(r"\\(.)")
_LEVEL = re.compile(r"\[L(\d)\]\s*", re.IGNORECASE)
_WORD = re.compile(r"[^\s,;:()<>\[\]\"]+")


@dataclass(frozen=True, slots=True)
class _ReadEvent:
    """An event by its times alone, which SUMMARY numbers; who has the shift is worked out once, not for each time."""

    lines: Mapping[str, int]
    event: "Event"
    rank: int
    person: int | None
    unknown_name: str

    def line_of(self, name: str) -> int:
        return self.lines.get(name, self.lines[""])


def calendar_shifts(
    content: bytes, people: Mapping[str, int], *, time_zone: str, start: datetime, end: datetime
) -> list[PlannedShift]:
    """Shifts that touch the time from `start` to `end`. `people` are ids by user name and e-mail in small letters;
    `time_zone` holds where the calendar names none. Raises CalendarRefused."""
    zone_name, events_written = written(content)
    zone = ZoneInfo(zone_name or time_zone)
    events = [_event(each, people, number) for number, each in enumerate(events_written)]
    shifts = list(islice(_ranked_shifts(events, zone, start, end), MOST_SHIFTS + 1))
    if len(shifts) > MOST_SHIFTS:
        raise CalendarRefused(1, f"There are more than {MOST_SHIFTS} shifts.")
    return _called_in_order(shifts)


def _event(written: WrittenEvent, people: Mapping[str, int], place: int) -> _ReadEvent:
    first = written[0][0]
    lines, times, texts = {"": first}, ["BEGIN:VEVENT", f"SUMMARY:{place}"], dict[str, list[str]]()
    dates = 0
    for number, line in written[1:]:
        name = _NAME.match(line.upper())[0]  # type: ignore[index]
        if name in lines and name in _ONCE:
            raise CalendarRefused(number, f"{name} stands twice in one event.")
        lines.setdefault(name, number)
        if name == "EXRULE":
            raise CalendarRefused(number, "EXRULE is not followed: leave days out by EXDATE.")
        if name in {"RDATE", "EXDATE"}:
            dates += line.count(",") + 1
            if dates > MOST_DATES:
                raise CalendarRefused(number, f"The event names more than {MOST_DATES} dates.")
        if name in _TIMES:
            times.append(line)
        elif name in _TEXTS:
            texts.setdefault(name, []).append(line)
    event = _times(lines, [*times, "END:VEVENT"])
    summary = "".join(map(_text, texts.get("SUMMARY", [])[:1])).strip()
    marked = _LEVEL.match(summary)
    others = (_text(line) for name in ("DESCRIPTION", "ATTENDEE") for line in texts.get(name, ()))
    person, unknown_name = _who(chain([summary[marked.end() :] if marked else summary], others), people)
    return _ReadEvent(lines, event, int(marked[1]) if marked else 0, person, unknown_name)


def _text(line: str) -> str:
    """The value of a line, whose parameters may hold a colon between quotes."""
    value = _VALUE.sub("", line, count=1).removeprefix("mailto:").removeprefix("MAILTO:")
    return _ESCAPED.sub(lambda each: "\n" if each[1] in "nN" else each[1], value)


def _times(lines: Mapping[str, int], written: Sequence[str]) -> "Event":
    from icalendar import Event  # 3 MB that a process without a calendar to read does not need

    first = lines[""]
    try:
        event = Event.from_ical("\r\n".join(written))
    except (ValueError, KeyError, IndexError, TypeError, OverflowError) as error:
        raise CalendarRefused(
            first, f"The event that begins here cannot be read: {_short(error)}."
        ) from error
    assert isinstance(event, Event)
    for name, reason in event.errors:
        raise CalendarRefused(
            lines.get(name or "", first), f"{name or 'This'} cannot be read: {reason[:100]}."
        )
    if "DTSTART" not in event:
        raise CalendarRefused(first, "The event that begins here has no DTSTART.")
    for name in _INSTANTS:
        _refuse_time(lines.get(name, first), name, event.get(name))
    for name in ("RDATE", "EXDATE"):
        for dates in _all(event, name):
            zone = dates.params.get("TZID")
            if any(zone and isinstance(each.dt, datetime) and each.dt.tzinfo is None for each in dates.dts):
                raise CalendarRefused(lines[name], f"The time zone {str(zone)[:64]} is not known.")
    return event


def _refuse_time(line: int, name: str, value: Any) -> None:
    at = getattr(value, "dt", None)
    if value is not None and not isinstance(at, timedelta if name == "DURATION" else date):
        raise CalendarRefused(line, f"{name} is no time.")
    if isinstance(at, timedelta) and not timedelta(0) <= at <= LONGEST:
        raise CalendarRefused(line, f"An event lasts {LONGEST.days} days at most, and not less than nothing.")
    zone = getattr(value, "params", {}).get("TZID")
    if zone and isinstance(at, datetime) and at.tzinfo is None:
        raise CalendarRefused(line, f"The time zone {str(zone)[:64]} is not known.")


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:100].rstrip(".")


def _ranked_shifts(
    events: Sequence[_ReadEvent], zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[tuple[int, PlannedShift]]:
    by_uid: dict[str, list[_ReadEvent]] = {}
    steps = 0
    for read in events:
        _refuse_backwards(read, zone)
        steps += _steps(read, zone, start, end)
        if steps > MOST_STEPS:
            raise CalendarRefused(read.line_of(""), "The events up to here repeat too often.")
        by_uid.setdefault(str(read.event.get("UID", f"line {read.line_of('')}")), []).append(read)
    for series in by_uid.values():
        for occurrence in _occurrences(series, start, end):
            read = events[int(occurrence["SUMMARY"])]
            starts_at, ends_at = (_instant(at, zone, read) for at in (occurrence.start, occurrence.end))
            is_cancelled = str(occurrence.get("STATUS", "")).upper() == "CANCELLED"
            if not is_cancelled and starts_at < ends_at and starts_at < end and ends_at > start:
                yield (
                    read.rank,
                    PlannedShift(
                        level=1,
                        person=read.person,
                        starts_at=starts_at,
                        ends_at=ends_at,
                        origin=ShiftOrigin.CALENDAR,
                        unknown_name=read.unknown_name,
                    ),
                )


def _refuse_backwards(read: _ReadEvent, zone: ZoneInfo) -> None:
    begins: Any = read.event["DTSTART"]
    ends: Any = read.event.get("DTEND")
    if ends is not None and _instant(ends.dt, zone, read) < _instant(begins.dt, zone, read):
        raise CalendarRefused(read.line_of("DTEND"), "The event ends before it starts.")


def _occurrences(series: Sequence[_ReadEvent], start: datetime, end: datetime) -> list[Any]:
    import recurring_ical_events  # large, as in _times
    from icalendar import Calendar

    calendar = Calendar()
    for read in series:
        calendar.add_component(read.event)
    # A day more on both sides: days, and times without a zone, are compared as those of UTC.
    day = timedelta(days=1)
    try:
        return list(recurring_ical_events.of(calendar).between(start - day, end + day))
    except (ValueError, TypeError, KeyError, OverflowError, AttributeError) as error:
        reason = f"The event that begins here cannot be followed: {_short(error)}."
        raise CalendarRefused(series[0].line_of(""), reason) from error


def _steps(read: _ReadEvent, zone: ZoneInfo, start: datetime, end: datetime) -> int:
    """How many steps the rules of an event take at most. Raises CalendarRefused for one that never comes true."""
    begins: Any = read.event["DTSTART"]
    first = _instant(begins.dt, zone, read)
    line = read.line_of("RRULE")
    steps = sum(
        len(getattr(each, "dts", ())) for name in ("RDATE", "EXDATE") for each in _all(read.event, name)
    )
    for rule in _all(read.event, "RRULE"):
        step = _STEP.get(str(next(iter(rule.get("FREQ", [])), "")))
        if step is None:
            raise CalendarRefused(line, "The event repeats more often than hourly.")
        spread = 1
        for name in _SPREAD:
            spread *= max(len(rule.get(name, ())), 1)
        steps += spread * max(int((end - first) / step) + 1, 1)
        each_day = 24 if step < timedelta(days=1) else 1
        for name in _OF_DAY:
            each_day *= max(len(rule.get(name, ())), 1)
        if each_day * ((end - start).days + 1) > MOST_SHIFTS:
            raise CalendarRefused(line, f"The rule gives more than {MOST_SHIFTS} shifts.")
        _refuse_endless(line, rule, first.replace(tzinfo=None))
    return steps


def _refuse_endless(line: int, rule: Any, first: datetime) -> None:
    parts = rule.to_ical().decode().upper().split(";")
    text = ";".join(part for part in parts if not part.startswith(("COUNT=", "UNTIL=")))
    try:
        comes = next(starts_of(text, first, first + SOON), None)
    except RuleRefused as error:
        raise CalendarRefused(line, str(error)) from error
    except OverflowError as error:
        raise CalendarRefused(line, "The rule is out of all time.") from error
    if comes is None:
        raise CalendarRefused(line, "The rule never comes true after DTSTART.")


def _all(event: "Event", name: str) -> list[Any]:
    value = event.get(name)
    return [] if value is None else value if isinstance(value, list) else [value]


def _instant(at: date | datetime, zone: ZoneInfo, read: _ReadEvent) -> datetime:
    """A day begins in the calendar's zone; so does a time without a zone."""
    try:
        if not isinstance(at, datetime):
            at = datetime(at.year, at.month, at.day, tzinfo=zone)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError as error:
        raise CalendarRefused(read.line_of(""), "The event that begins here is out of all time.") from error


def _who(texts: Iterable[str], people: Mapping[str, int]) -> tuple[int | None, str]:
    first = ""
    for text in map(str.strip, texts):
        first = first or text
        for word in chain([text], _WORD.findall(text)):
            if (person := people.get(word.casefold())) is not None:
                return person, ""
    return None, " ".join(first[:1000].split())[:200] or "without a name"


def _called_in_order(ranked: Sequence[tuple[int, PlannedShift]]) -> list[PlannedShift]:
    """The same shifts, cut where their place among those present changes."""
    changes: dict[datetime, Counter[int]] = defaultdict(Counter)
    for rank, shift in ranked:
        changes[shift.starts_at][rank] += 1
        changes[shift.ends_at][rank] -= 1
    present = Counter[int]()
    levels: dict[int, list[tuple[datetime, int]]] = {rank: [] for rank, _ in ranked}
    for at in sorted(changes):
        present.update(changes[at])
        order = sorted(+present, reverse=True)
        for rank, told in levels.items():
            level = order.index(rank) + 1 if rank in order[:TERTIARY] else 0
            if not told or told[-1][1] != level:
                told.append((at, level))
    parts: list[PlannedShift] = []
    for rank, shift in ranked:
        told = levels[rank]
        place = bisect_right(told, shift.starts_at, key=itemgetter(0)) - 1
        while place < len(told) and told[place][0] < shift.ends_at:
            (since, level), place = told[place], place + 1
            until = told[place][0] if place < len(told) else shift.ends_at
            begins, ends = max(since, shift.starts_at), min(until, shift.ends_at)
            if level:
                parts.append(replace(shift, level=level, starts_at=begins, ends_at=ends))
            if len(parts) > MOST_SHIFTS:
                raise CalendarRefused(1, f"There are more than {MOST_SHIFTS} shifts.")
    return parts
