"""A team's calendar: what lies on which day of whose line."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from readiness.organisation.people.core.rotations import TimeSpan

DAY = timedelta(days=1)


class EntryKind(StrEnum):
    ON_CALL = "on-call"
    AWAY = "away"
    NOBODY = "nobody"
    DRILL = "drill"
    CAPACITY = "capacity"


WEIGHTIEST = (EntryKind.NOBODY, EntryKind.AWAY, EntryKind.ON_CALL, EntryKind.DRILL, EntryKind.CAPACITY)
"""The first of these among the entries of a day gives the cell its colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry(TimeSpan):
    """`mark` are the one or two letters of its cell; `lane` is the key of its line."""

    kind: EntryKind
    lane: str
    mark: str
    title: str
    url: str = ""

    @property
    def order(self) -> tuple[int, datetime, str]:
        return WEIGHTIEST.index(self.kind), self.starts_at, self.title


@dataclass(frozen=True, slots=True)
class CalendarLine:
    """A line of the calendar: a person, or what is nobody's own."""

    key: str
    label: str
    url: str = ""


type Days = dict[tuple[str, date], list[CalendarEntry]]
"""Entries by line and day, the weightiest first."""


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def days_from(start: date, weeks: int) -> tuple[date, ...]:
    return tuple(start + DAY * number for number in range(7 * weeks))


def span_of(days: Sequence[date], zone: ZoneInfo) -> TimeSpan:
    return TimeSpan(starts_at=_midnight(days[0], zone), ends_at=_midnight(days[-1] + DAY, zone))


def entries_by_day(entries: Iterable[CalendarEntry], days: Sequence[date], zone: ZoneInfo) -> Days:
    """An entry is on every day that it touches; one that ends at midnight does not touch the next day."""
    of_day: Days = defaultdict(list)
    for entry in entries:
        first = entry.starts_at.astimezone(zone).date()
        day = max(first, days[0])
        while day <= days[-1] and (_midnight(day, zone) < entry.ends_at or day == first):
            of_day[entry.lane, day].append(entry)
            day += DAY
    return {key: sorted(each, key=lambda entry: entry.order) for key, each in of_day.items()}


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)
