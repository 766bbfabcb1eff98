"""Partitions of blocks and roll-ups by time (web/partitions.py)."""

from datetime import datetime, timedelta

from web import partitions
from web.partitions import Partitioned, day_of, ensure, existing, month_of

__all__ = [
    "ALL",
    "BLOCKS",
    "FIVE_MINUTES",
    "HOURS",
    "Partitioned",
    "ensure",
    "existing",
    "keep",
    "oldest_sample_kept",
]

DAY = timedelta(days=1)
BLOCKS = Partitioned("telemetry_block", day_of, "%Y%m%d", DAY, "TELEMETRY_RAW_HOURS", timedelta(hours=1))
FIVE_MINUTES = Partitioned("telemetry_rollup_5m", day_of, "%Y%m%d", DAY, "TELEMETRY_5M_DAYS", DAY)
HOURS = Partitioned("telemetry_rollup_1h", month_of, "%Y%m", 31 * DAY, "TELEMETRY_1H_DAYS", DAY)
ALL = (BLOCKS, FIVE_MINUTES, HOURS)


def keep(*, now: datetime, newest_at: datetime | None = None) -> int:
    """Create the partitions of the next days and drop those that are expired by the clock and by the newest sample;
    returns how many changed. Must run outside a transaction, because a concurrent detach cannot run inside one."""
    return sum(partitions.keep(partitioned, now=now, newest_at=newest_at) for partitioned in ALL)


def spared(*, now: datetime, newest_at: datetime | None) -> int:
    """How many partitions the clock alone would have dropped."""
    return sum(len(partitions.spared(partitioned, now=now, newest_at=newest_at)) for partitioned in ALL)


def oldest_sample_kept(now: datetime) -> datetime:
    return BLOCKS.oldest_kept(now)
