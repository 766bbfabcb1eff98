"""Partitions of samples and roll-ups: made ahead of time, dropped by age.

Nothing here makes a writer wait: a new table is attached under a lock that lets rows in, and an old one is detached
concurrently before it is dropped.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import OperationalError, connection, transaction

DAY = timedelta(days=1)
# Two drains that need the same missing partition: the second waits for the first and finds it made.
_MAKING = 7_301_001


@dataclass(frozen=True)
class Partitioned:
    """A table split by time. `first_of` gives the start of the partition that an instant falls in."""

    table: str
    first_of: Callable[[datetime], datetime]
    suffix: str
    longest: timedelta
    setting: str
    unit: timedelta
    options: str = ""

    @property
    def kept(self) -> timedelta:
        return getattr(settings, self.setting) * self.unit

    def next_after(self, first: datetime) -> datetime:
        return self.first_of(first + self.longest)

    def name(self, first: datetime) -> str:
        return f"{self.table}_{first:{self.suffix}}"

    def oldest_kept(self, now: datetime) -> datetime:
        """Start of the oldest partition of which some part is still to be kept."""
        return self.first_of(now - self.kept)


def _day_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _month_of(at: datetime) -> datetime:
    return _day_of(at).replace(day=1)


SAMPLES = Partitioned(
    "telemetry_sample",
    _day_of,
    "%Y%m%d",
    DAY,
    "TELEMETRY_RAW_HOURS",
    timedelta(hours=1),
    # Rows are appended, read and dropped with their table: freezing them first would be work for nobody.
    options="WITH (autovacuum_vacuum_insert_threshold = -1)",
)
FIVE_MINUTES = Partitioned("telemetry_rollup_5m", _day_of, "%Y%m%d", DAY, "TELEMETRY_5M_DAYS", DAY)
HOURS = Partitioned("telemetry_rollup_1h", _month_of, "%Y%m", 31 * DAY, "TELEMETRY_1H_DAYS", DAY)
ALL = (SAMPLES, FIVE_MINUTES, HOURS)
MADE_AHEAD = 3 * DAY


def keep(*, now: datetime) -> int:
    """Make what the next days need and drop what is past its time; returns how many partitions changed.

    Must run outside a transaction, since a concurrent detach cannot run inside one.
    """
    changed = 0
    for partitioned in ALL:
        changed += ensure(partitioned, [now, now + MADE_AHEAD / 3, now + MADE_AHEAD])
        oldest = partitioned.name(partitioned.oldest_kept(now))
        for name, standing in _existing(partitioned).items():
            if name < oldest:
                _drop(partitioned, name, standing)
                changed += 1
    return changed


def ensure(partitioned: Partitioned, instants: Iterable[datetime]) -> int:
    """Make the partitions that hold these instants; returns how many were missing."""
    wanted = {partitioned.name(first): first for first in map(partitioned.first_of, instants)}
    if not wanted.keys() - _existing(partitioned).keys():
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_MAKING])
        missing = sorted(wanted.keys() - _existing(partitioned).keys())
        for name in missing:
            first = wanted[name]
            cursor.execute(
                f"CREATE TABLE {name} (LIKE {partitioned.table} INCLUDING ALL) {partitioned.options}"
            )
            # Attaching lets writers go on, where CREATE TABLE … PARTITION OF would lock them out.
            cursor.execute(
                f"ALTER TABLE {partitioned.table} ATTACH PARTITION {name} FOR VALUES FROM (%s) TO (%s)",
                [first, partitioned.next_after(first)],
            )
    return len(missing)


def summarise(partitioned: Partitioned, instants: Iterable[datetime]) -> None:
    """Bring the block-range indexes of these partitions up to date: until then a query reads all the newest rows.

    Autovacuum does so once a minute at best. Where it is at work already, it is not waited for.
    """
    existing = _existing(partitioned)
    for name in sorted({partitioned.name(partitioned.first_of(at)) for at in instants} & existing.keys()):
        with suppress(OperationalError), transaction.atomic(), connection.cursor() as cursor:
            # Less than deadlock_timeout, after which autovacuum would be cancelled for us.
            cursor.execute("SET LOCAL lock_timeout = '100ms'")
            cursor.execute(
                "SELECT brin_summarize_new_values(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
                " JOIN pg_am ON pg_am.oid = relam WHERE indrelid = to_regclass(%s) AND amname = 'brin'",
                [name],
            )


def _existing(partitioned: Partitioned) -> dict[str, str]:
    """Partitions by name and standing: `attached`, `pending` where a detach was cut short, `loose` after one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, CASE WHEN inhparent IS NULL THEN 'loose' WHEN inhdetachpending THEN 'pending'"
            " ELSE 'attached' END FROM pg_class LEFT JOIN pg_inherits ON inhrelid = pg_class.oid"
            " WHERE relkind = 'r' AND relname ~ %s AND pg_table_is_visible(pg_class.oid) ORDER BY 1",
            [rf"^{partitioned.table}_\d+$"],
        )
        return dict(cursor.fetchall())


def _drop(partitioned: Partitioned, name: str, standing: str) -> None:
    with connection.cursor() as cursor:
        if standing != "loose":
            how = "FINALIZE" if standing == "pending" else "CONCURRENTLY"
            cursor.execute(f"ALTER TABLE {partitioned.table} DETACH PARTITION {name} {how}")
        cursor.execute(f"DROP TABLE {name}")
