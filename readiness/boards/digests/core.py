"""Periods of digests, and when each leaves: at seven in the morning where its reader is."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

LEAVES_AT = time(7)
MONDAY = 0
LATE_AT_MOST = timedelta(hours=6)
"""After an outage a digest still leaves within this time; later it would tell of a morning that is over."""


class Cadence(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"

    @property
    def days(self) -> int:
        return 7 if self is Cadence.WEEKLY else 1


@dataclass(frozen=True, slots=True)
class Period:
    """The time that a digest tells of. It ends when the digest is written."""

    cadence: Cadence
    start: datetime
    end: datetime


def due_at(cadence: Cadence, zone: tzinfo, *, now: datetime) -> datetime | None:
    """When the digest of this morning should leave, None while none is due. Weekly ones leave on Mondays."""
    today = now.astimezone(zone).date()
    at = _local(today, LEAVES_AT, zone)
    if cadence is Cadence.WEEKLY and today.weekday() != MONDAY:
        return None
    return at if at <= now < at + LATE_AT_MOST else None


def period_until(end: datetime, cadence: Cadence, zone: tzinfo, *, since: datetime | None = None) -> Period:
    """The period up to `end`. It begins a day or a week before `since`, by default before its end, at the same local
    time: a day on which the clocks change has 23 or 25 hours."""
    last = (since or end).astimezone(zone)
    start = _local(last.date() - timedelta(days=cadence.days), last.timetz().replace(tzinfo=None), zone)
    return Period(cadence, start, end)


def _local(day: date, at: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)
