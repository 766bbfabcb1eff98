"""Retention of the history: a month's entries expire together, except lasting ones."""

from datetime import datetime, timedelta

from web import partitions
from web.partitions import Partitioned, month_of

# Writes fail without a partition, so enough are made for a year without a worker.
PASSING = Partitioned(
    "audit_entry_passing",
    month_of,
    "%Y%m",
    timedelta(days=31),
    "HISTORY_DAYS",
    timedelta(days=1),
    ahead=timedelta(days=366),
)


def make_ready(*, now: datetime) -> None:
    """Create the partitions of this month and the next ones."""
    partitions.ensure(PASSING, partitions.coming(PASSING, now))


def keep(*, now: datetime) -> int:
    """Create the coming partitions and drop expired months; returns how many partitions changed."""
    return partitions.keep(PASSING, now=now)
