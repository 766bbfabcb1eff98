"""The resolution at which a query is answered, and which steps that makes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from django.conf import settings

from telemetry.core.spec import QuerySpec

FIVE_MINUTES_S = 300
HOUR_S = 3600
# Raw samples have no index by series: a longer range reads too many of others'.
LONGEST_RAW = timedelta(hours=6)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Resolution(StrEnum):
    RAW = "raw"
    FIVE_MINUTES = "5m"
    HOUR = "1h"


@dataclass(frozen=True, slots=True)
class Grid:
    """Steps of `step_s` after `start` up to `end`. They may be wider than asked, and begin up to one window earlier."""

    resolution: Resolution
    start: datetime
    end: datetime
    step_s: int

    @property
    def steps(self) -> int:
        return -int((self.start - self.end).total_seconds() // self.step_s)


def grid_for(spec: QuerySpec, now: datetime) -> Grid:
    """Raw samples for short steps over short, recent ranges; else roll-ups, hourly ones where only those are left."""
    start, end = instant(spec.start_ms), instant(spec.end_ms)
    raw_kept = now - timedelta(hours=settings.TELEMETRY_RAW_HOURS)
    if spec.step_s < FIVE_MINUTES_S and end - start <= LONGEST_RAW and start >= raw_kept:
        return Grid(Resolution.RAW, start, end, spec.step_s)
    hourly = start < now - timedelta(days=settings.TELEMETRY_5M_DAYS) or spec.step_s % HOUR_S == 0
    width = HOUR_S if hourly else FIVE_MINUTES_S
    step_s = -(-spec.step_s // width) * width
    begin = instant(spec.start_ms // (width * 1000) * width * 1000)
    return Grid(Resolution.HOUR if hourly else Resolution.FIVE_MINUTES, begin, end, step_s)


def instant(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)


def ms(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)
