"""Partitions of samples and roll-ups by time (web/partitions.py)."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction

from web import partitions
from web.partitions import Partitioned, day_of, ensure, existing, month_of

__all__ = [
    "ALL",
    "FIVE_MINUTES",
    "HOURS",
    "SAMPLES",
    "Partitioned",
    "ensure",
    "existing",
    "keep",
    "oldest_sample_kept",
    "summarise",
]

DAY = timedelta(days=1)
SAMPLES = Partitioned(
    "telemetry_sample",
    day_of,
    "%Y%m%d",
    DAY,
    "TELEMETRY_RAW_HOURS",
    timedelta(hours=1),
    # Rows are appended, read and dropped with their table, so freezing them would be wasted work.
    options="WITH (autovacuum_vacuum_insert_threshold = -1)",
)
FIVE_MINUTES = Partitioned("telemetry_rollup_5m", day_of, "%Y%m%d", DAY, "TELEMETRY_5M_DAYS", DAY)
HOURS = Partitioned("telemetry_rollup_1h", month_of, "%Y%m", 31 * DAY, "TELEMETRY_1H_DAYS", DAY)
ALL = (SAMPLES, FIVE_MINUTES, HOURS)


def keep(*, now: datetime, newest_at: datetime | None = None) -> int:
    """Create the partitions of the next days and drop those that are expired by the clock and by the newest sample;
    returns how many changed. Must run outside a transaction, because a concurrent detach cannot run inside one."""
    return sum(partitions.keep(partitioned, now=now, newest_at=newest_at) for partitioned in ALL)


def spared(*, now: datetime, newest_at: datetime | None) -> int:
    """How many partitions the clock alone would have dropped."""
    return sum(len(partitions.spared(partitioned, now=now, newest_at=newest_at)) for partitioned in ALL)


def oldest_sample_kept(now: datetime) -> datetime:
    return SAMPLES.oldest_kept(now)


def summarise(instants: Iterable[datetime]) -> None:
    """Update the block-range indexes of these days' samples: until then a query reads all the newest rows. Autovacuum
    does this once a minute at best. If it is already at work, do not wait for it."""
    names = {SAMPLES.name(SAMPLES.first_of(at)) for at in instants}
    for name in sorted(names & existing(SAMPLES).keys()):
        with suppress(OperationalError), transaction.atomic(), connection.cursor() as cursor:
            # Less than deadlock_timeout, after which autovacuum would be cancelled for us.
            cursor.execute("SET LOCAL lock_timeout = '100ms'")
            cursor.execute(
                "SELECT brin_summarize_new_values(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
                " JOIN pg_am ON pg_am.oid = relam WHERE indrelid = to_regclass(%s) AND amname = 'brin'",
                [name],
            )
