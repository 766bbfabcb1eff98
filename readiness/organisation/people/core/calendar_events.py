"""One event of a calendar: when it is, how long it lasts, and whose shift it is."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from icalendar import Event

from readiness.organisation.people.core.calendar_lines import CalendarRefused, WrittenPart
from readiness.organisation.people.core.calendar_zones import CalendarZones

LONGEST = timedelta(days=366)
MOST_DATES = 10_000
NOTHING = timedelta(0)
INSTANTS = ("DTSTART", "DTEND", "RECURRENCE-ID")
DATES = ("RDATE", "EXDATE")
_LENGTH = ("DTSTART", "DTEND", "DURATION")
ZONED = frozenset({*INSTANTS, *DATES})
_ONCE = frozenset({*INSTANTS, "DURATION", "UID", "STATUS", "SEQUENCE"})
_TIMES = _ONCE | {"RRULE", *DATES}
_TEXTS = frozenset({"SUMMARY", "DESCRIPTION", "ATTENDEE"})
_NAME = re.compile(r"[^;:]*")
_VALUE = re.compile(r'[^:"]*(?:"[^"]*"[^:"]*)*:')
_ZONE = re.compile(r';TZID=(?:"([^"]*)"|((?:tzone://)?[^;:"]*))', re.IGNORECASE)
_DAYS = re.compile(r"\+?P(?:(\d+)W)?(?:(\d+)D)?", re.IGNORECASE)
_MAIL = re.compile("mailto:", re.IGNORECASE)
_ESCAPED = re.compile(r"\\(.)")
_LEVEL = re.compile(r"\[L(\d)\]\s*", re.IGNORECASE)
_WORD = re.compile(r"[^\s,;:()<>\[\]\"]+")
_NOBODY = re.compile(r";PARTSTAT=DECLINED|;CUTYPE=(?:GROUP|RESOURCE|ROOM)|:invalid:", re.IGNORECASE)
"""Lines of attendees that name nobody who takes the shift; Exchange writes "invalid:nomail" for one without address."""


@dataclass(frozen=True, slots=True)
class Length:
    """How long each instance lasts: `by_clock` moves the hands of its clock, and `exact` passes after that."""

    by_clock: timedelta = NOTHING
    exact: timedelta = NOTHING

    def end_of(self, at: date, zone: tzinfo) -> datetime:
        return instant(at + self.by_clock, zone) + self.exact


@dataclass(frozen=True, slots=True)
class ReadEvent:
    """`length` is that of each instance; `periods` are lengths of single ones, by their start. Without a person
    `unknown_name` says whose it would be; `title` is what the event is called. `dates` are left out or added."""

    lines: Mapping[str, int]
    event: Event
    rank: int
    person: int | None
    unknown_name: str
    title: str
    dates: int = 0
    length: Length = Length()
    periods: Mapping[datetime, Length] = field(default_factory=dict)

    @property
    def begins(self) -> date:
        start: Any = self.event["DTSTART"]
        begins: date = start.dt
        return begins

    def line_of(self, name: str) -> int:
        return self.lines.get(name, self.lines[""])

    def span(self, start: date, zone: tzinfo) -> tuple[datetime, datetime]:
        """When an instance begins and ends. A day begins in the calendar's zone; so does a time without a zone."""
        try:
            starts_at = instant(start, zone)
            return starts_at, self.periods.get(starts_at, self.length).end_of(start, zone)
        except OverflowError as error:
            raise CalendarRefused(self.lines[""], "The event that begins here is out of all time.") from error


def instant(at: date, zone: tzinfo) -> datetime:
    if not isinstance(at, datetime):
        at = datetime(at.year, at.month, at.day, tzinfo=zone)
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def all_of(event: Event, name: str) -> list[Any]:
    value = event.get(name)
    return [] if value is None else value if isinstance(value, list) else [value]


@dataclass(slots=True)
class _EventLines:
    """`zones` are those of each line of times, in order; `first` has the line at which each name stands first."""

    first: dict[str, int]
    times: list[str] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    zones: dict[str, list[tzinfo | None]] = field(default_factory=dict)
    days: timedelta = NOTHING
    dates: int = 0


def read_event(part: WrittenPart, people: Mapping[str, int], zones: CalendarZones, zone: tzinfo) -> ReadEvent:
    """`zone` is the calendar's. Raises CalendarRefused."""
    lines = _event_lines(part, zones)
    event = _times(lines)
    try:
        length, periods = _length(event, lines.days, zone), dict(_periods(event, zone))
    except OverflowError as error:
        raise CalendarRefused(lines.first[""], "The event that begins here is out of all time.") from error
    if min(length.by_clock, length.exact) < NOTHING:
        raise CalendarRefused(lines.first["DTEND"], "The event ends before it starts.")
    summary = "".join(map(_text, lines.texts.get("SUMMARY", [])[:1])).strip()
    marked = _LEVEL.match(summary)
    title = summary[marked.end() :] if marked else summary
    person, unknown_name = _who(title, lines.texts, people)
    return ReadEvent(
        lines=lines.first,
        event=event,
        rank=int(marked[1]) if marked else 0,
        person=person,
        unknown_name=unknown_name,
        title=_one_line(title),
        dates=lines.dates,
        length=length,
        periods=periods,
    )


def _event_lines(part: WrittenPart, zones: CalendarZones) -> _EventLines:
    lines = _EventLines({"": part[0][0]})
    for number, line in part[1:]:
        name = _NAME.match(line.upper())[0]  # type: ignore[index]
        if name in lines.first and name in _ONCE:
            raise CalendarRefused(number, f"{name} stands twice in one event.")
        lines.first.setdefault(name, number)
        if name == "EXRULE":
            raise CalendarRefused(number, "EXRULE is not followed: leave days out by EXDATE.")
        if name in DATES:
            lines.dates += line.count(",") + 1
            if lines.dates > MOST_DATES:
                raise CalendarRefused(number, f"The event names more than {MOST_DATES} dates.")
        if name in ZONED:
            match = _ZONE.search(line)
            zone = zones.zone((match[1] or match[2] or "").strip(), number) if match else None
            lines.zones.setdefault(name, []).append(zone)
            line = _ZONE.sub("", line, count=1)
        if name == "DURATION":
            lines.days = _whole_days(line)
        if name in _TIMES:
            lines.times.append(line)
        elif name in _TEXTS:
            lines.texts.setdefault(name, []).append(line)
    return lines


def _whole_days(line: str) -> timedelta:
    """The weeks and days of a duration, which are days of the clock; its hours pass (RFC 5545, 3.3.6)."""
    counted = _DAYS.match(_text(line).strip())
    weeks, days = (int(each or 0) for each in counted.groups()) if counted else (0, 0)
    return timedelta(days=min(7 * weeks + days, LONGEST.days + 1))


def _times(lines: _EventLines) -> Event:
    first = lines.first[""]
    try:
        event = Event.from_ical("\r\n".join(["BEGIN:VEVENT", *lines.times, "END:VEVENT"]))
    except (ValueError, KeyError, IndexError, TypeError, OverflowError) as error:
        raise CalendarRefused(
            first, f"The event that begins here cannot be read: {short_reason(error)}."
        ) from error
    assert isinstance(event, Event)
    for name, reason in event.errors:
        raise CalendarRefused(
            lines.first.get(name or "", first), f"{name or 'This'} cannot be read: {reason[:100]}."
        )
    if "DTSTART" not in event:
        raise CalendarRefused(first, "The event that begins here has no DTSTART.")
    for name in (*INSTANTS, "DURATION"):
        _refuse_time(lines.first.get(name, first), name, event.get(name))
    for name, zones in lines.zones.items():
        for value, zone in zip(all_of(event, name), zones, strict=False):
            for each in value.dts:
                each.dt = _placed(each.dt, zone)
    return event


def _refuse_time(line: int, name: str, value: Any) -> None:
    at = getattr(value, "dt", None)
    if value is not None and not isinstance(at, timedelta if name == "DURATION" else date):
        raise CalendarRefused(line, f"{name} is no time.")
    if isinstance(at, timedelta) and not NOTHING <= at <= LONGEST:
        raise CalendarRefused(line, f"An event lasts {LONGEST.days} days at most, and not less than nothing.")


def _placed(at: Any, zone: tzinfo | None) -> Any:
    """The same in a zone, where it has none; a day has none."""
    if isinstance(at, tuple):
        return tuple(_placed(each, zone) for each in at)
    is_local = isinstance(at, datetime) and at.tzinfo is None
    return at.replace(tzinfo=zone) if is_local else at


def short_reason(error: Exception) -> str:
    return " ".join(str(error).split())[:100].rstrip(".")


def _length(event: Event, days: timedelta, zone: tzinfo) -> Length:
    """An event without an end lasts a day, or takes no time where it begins at an instant (RFC 5545, 3.6.1)."""
    times: dict[str, Any] = {name: getattr(event.get(name), "dt", None) for name in _LENGTH}
    start, end, duration = times.values()
    if end is not None:
        return _until(start, end, zone)
    if duration is not None:
        return Length(days, duration - days)
    return Length() if isinstance(start, datetime) else Length(timedelta(days=1))


def _until(start: date, end: date, zone: tzinfo) -> Length:
    """An end on the clock of its start is a time of day at each instance. Two clocks have only time that passes."""
    if isinstance(start, datetime) and isinstance(end, datetime):
        if start.tzinfo == end.tzinfo:
            return Length(end.replace(tzinfo=None) - start.replace(tzinfo=None))
    elif not isinstance(start, datetime) and not isinstance(end, datetime):
        return Length(end - start)
    return Length(exact=instant(end, zone) - instant(start, zone))


def _periods(event: Event, zone: tzinfo) -> Iterator[tuple[datetime, Length]]:
    for dates in all_of(event, "RDATE"):
        for each in dates.dts:
            if isinstance(each.dt, tuple):
                start, end = each.dt
                is_time = isinstance(end, timedelta)
                yield instant(start, zone), Length(exact=end) if is_time else _until(start, end, zone)


def _who(title: str, texts: Mapping[str, Sequence[str]], people: Mapping[str, int]) -> tuple[int | None, str]:
    """A title that is a name whole; else who is invited; else a name among the words of title and description."""
    if (person := people.get(title.casefold())) is not None:
        return person, ""
    lines = (line for line in texts.get("ATTENDEE", ()) if not _NOBODY.search(line))
    attendees = [attendee for line in lines if (attendee := _text(line).strip())]
    for attendee in attendees:
        if (person := people.get(attendee.casefold())) is not None:
            return person, ""
    texts_of_event = [title, *(_text(line).strip() for line in texts.get("DESCRIPTION", ()))]
    if not attendees:
        for text in texts_of_event:
            for word in (text, *_WORD.findall(text)):
                if (person := people.get(word.casefold())) is not None:
                    return person, ""
    return None, _one_line(next(filter(None, [*attendees, *texts_of_event]), "")) or "without a name"


def _text(line: str) -> str:
    """The value of a line, whose parameters may hold a colon between quotes."""
    value = _MAIL.sub("", _VALUE.sub("", line, count=1), count=1)
    return _ESCAPED.sub(lambda each: "\n" if each[1] in "nN" else each[1], value)


def _one_line(text: str) -> str:
    return " ".join(text[:1000].split())[:200]
