"""The instances of the events of a calendar: rules followed, edited and cancelled ones looked up, in bounded time."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from math import prod
from typing import Any
from zoneinfo import ZoneInfo

from recurring_ical_events import Occurrence, Series
from recurring_ical_events.adapters.event import EventAdapter

from readiness.organisation.people.core.calendar_events import (
    ReadEvent,
    all_of,
    read_event,
    short_reason,
)
from readiness.organisation.people.core.calendar_lines import CalendarRefused, WrittenCalendar
from readiness.organisation.people.core.calendar_zones import CalendarZones
from readiness.organisation.people.core.recurrence import SOON, RuleRefused, starts_of

MOST_STEPS, STEPS_OF_DATE, MOST_OF_RULE = 300_000, 3, 20_000
"""Steps that following the rules may take, from the first instance of each to the end of the time looked at; how many
a date that is left out or added is worth; and how often one rule may come true."""
DAY = timedelta(days=1)
_STEP = {
    "HOURLY": timedelta(hours=1),
    "DAILY": DAY,
    "WEEKLY": timedelta(days=7),
    "MONTHLY": timedelta(days=28),
    "YEARLY": timedelta(days=365),
}
_OF_DAY = ("BYHOUR", "BYMINUTE", "BYSECOND")
_SPREAD = (*_OF_DAY, "BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYMONTH")
_PLAIN = {"DAILY": {*_OF_DAY}, "WEEKLY": {*_OF_DAY, "BYDAY"}, "HOURLY": set[str]()}
"""Parts that may stand in a rule beside FREQ, INTERVAL and WKST for it to come true that many times in each step."""


class _Adapter(EventAdapter):  # type: ignore[misc]
    def __init__(self, event: ReadEvent) -> None:
        super().__init__(event.event)
        self.read = event


class _Instance(Occurrence):  # type: ignore[misc]
    def __init__(self, adapter: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(adapter, *args, **kwargs)
        self.read: ReadEvent = adapter.read


class _EventSeries(Series):  # type: ignore[misc]
    def occurrence(self, adapter: Any, start: Any = None, end: Any = None) -> Occurrence:
        return _Instance(adapter, start, end)


def occurrences(
    calendar: WrittenCalendar,
    people: Mapping[str, int],
    *,
    time_zone: str,
    start: datetime,
    end: datetime,
    most: int,
) -> Iterator[tuple[ReadEvent, datetime, datetime]]:
    """Up to `most` instances that touch the time from `start` to `end`, with the instants at which they begin and end.
    Raises CalendarRefused, also where there are more."""
    zones = CalendarZones(calendar.zones)
    zone = zones.zone(calendar.zone_name, calendar.zone_line) if calendar.zone_name else ZoneInfo(time_zone)
    number = 0
    for series in _series(calendar, people, zones, zone, (start, end), most).values():
        for event, at in _instances(series, start, end):
            starts_at, ends_at = event.span(at, zone)
            if starts_at < end and (ends_at > start or starts_at >= start):
                number += 1
                if number > most:
                    raise CalendarRefused(event.line_of(""), f"There are more than {most} shifts.")
                yield event, starts_at, ends_at


def _series(
    calendar: WrittenCalendar,
    people: Mapping[str, int],
    zones: CalendarZones,
    zone: tzinfo,
    span: tuple[datetime, datetime],
    most: int,
) -> dict[str, list[ReadEvent]]:
    """Events by UID. What is too much is refused while events are read, before any rule is followed."""
    by_uid: dict[str, list[ReadEvent]] = {}
    steps, least_of, least = 0, Counter[str](), 0
    for part in calendar.events:
        event = read_event(part, people, zones, zone)
        first, _ = event.span(event.begins, zone)
        rules = _rules(event, first, span)
        steps += sum(each.steps(first, span[1]) for each in rules) + STEPS_OF_DATE * event.dates
        if steps > MOST_STEPS:
            raise CalendarRefused(event.line_of(""), "The events up to here repeat too often.")
        uid = str(event.event.get("UID", f"line {event.line_of('')}"))
        before = least_of[uid]
        if "RECURRENCE-ID" in event.event:
            least_of[uid] -= 1
        else:
            least_of[uid] = max(before, sum(each.least(first, *span) for each in rules) - event.dates)
        least += least_of[uid] - before
        if least > most:
            raise CalendarRefused(event.line_of("RRULE"), f"There are more than {most} shifts.")
        by_uid.setdefault(uid, []).append(event)
    return by_uid


@dataclass(frozen=True, slots=True)
class _Rule:
    """`step` is how far apart its steps are, and `comes` when it comes true first, whatever its end."""

    parts: Mapping[str, Sequence[Any]]
    step: timedelta
    comes: datetime

    def _ways(self, names: Collection[str]) -> int:
        return prod(len(set(self.parts.get(name, ()))) or 1 for name in names)

    def a_day(self) -> int:
        return self._ways(_OF_DAY) * (24 if self.step < DAY else 1)

    def steps(self, first: datetime, end: datetime) -> int:
        """dateutil looks at each day, or hour, until a rule comes true; Muster asks it three times."""
        waiting = (self.comes - first.replace(tzinfo=None)) / min(self.step, DAY)
        until = end
        for at in self.parts.get("UNTIL", ()):
            if at.year <= end.year:
                until = min(end, datetime(at.year, at.month, at.day, tzinfo=UTC) + 2 * DAY)
        return int(3 * waiting) + self._ways(_SPREAD) * max(int((until - first) / self.step) + 1, 1)

    def least(self, first: datetime, start: datetime, end: datetime) -> int:
        """Return how often a plain rule comes true from `start` to `end` at least; 0 for any other."""
        if self.parts.keys() - _PLAIN.get(self.parts["FREQ"][0], frozenset()) - {"FREQ", "INTERVAL", "WKST"}:
            return 0
        interval = self.step * int(next(iter(self.parts.get("INTERVAL", ())), 1))
        return self._ways(_SPREAD) * max(int((end - max(first, start)) / interval) - 1, 0)


def _rules(event: ReadEvent, first: datetime, span: tuple[datetime, datetime]) -> list[_Rule]:
    """Raises CalendarRefused for a rule that never comes true, or more often than can be."""
    line, rules = event.line_of("RRULE"), list[_Rule]()
    for recurrence in all_of(event.event, "RRULE"):
        step = _STEP.get(str(next(iter(recurrence.get("FREQ", [])), "")))
        if step is None:
            raise CalendarRefused(line, "The event repeats more often than hourly.")
        parts = {
            str(name): list(values) if isinstance(values, list) else [values]
            for name, values in recurrence.items()
        }
        rule = _Rule(parts, step, _comes(line, recurrence, first.replace(tzinfo=None)))
        if rule.a_day() * ((span[1] - span[0]).days + 1) > MOST_OF_RULE:
            raise CalendarRefused(line, f"The rule gives more than {MOST_OF_RULE} shifts.")
        rules.append(rule)
    return rules


def _comes(line: int, recurrence: Any, first: datetime) -> datetime:
    parts = recurrence.to_ical().decode().upper().split(";")
    text = ";".join(part for part in parts if not part.startswith(("COUNT=", "UNTIL=")))
    try:
        comes = next(starts_of(text, first, first + SOON), None)
    except RuleRefused as error:
        raise CalendarRefused(line, str(error)) from error
    except OverflowError as error:
        raise CalendarRefused(line, "The rule is out of all time.") from error
    if comes is None:
        raise CalendarRefused(line, "The rule never comes true after DTSTART.")
    return comes


def _instances(
    series: Sequence[ReadEvent], start: datetime, end: datetime
) -> Iterator[tuple[ReadEvent, date]]:
    """Instances that are not cancelled, a day more on both sides: days, and times without a zone, are compared as those
    of UTC, and ends are worked out afterwards."""
    try:
        for instance in _EventSeries([_Adapter(event) for event in series]).between(start - DAY, end + DAY):
            event = instance.read
            if str(event.event.get("STATUS", "")).upper() != "CANCELLED":
                yield event, instance.start
    except (ValueError, TypeError, KeyError, OverflowError, AttributeError) as error:
        reason = f"The event that begins here cannot be followed: {short_reason(error)}."
        raise CalendarRefused(series[0].line_of(""), reason) from error
