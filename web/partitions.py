"""Tables split by time: partitions are made in advance and dropped by age.

Writers never wait: a new table is attached under a lock that allows inserts, and an old one is detached concurrently
before it is dropped. `web/database_roles.py` says who may do that.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from web.database_roles import acting_as_owner, split_by_time

log = logging.getLogger(__name__)

# If two writers need the same missing partition, the second waits and then finds it.
_MAKING = 7_301_001


@dataclass(frozen=True)
class Partitioned:
    """A table split by time. `first_of` gives the start of an instant's partition."""

    table: str
    first_of: Callable[[datetime], datetime]
    suffix: str
    longest: timedelta
    setting: str
    unit: timedelta
    options: str = ""
    # Made before they are needed.
    ahead: timedelta = timedelta(days=3)
    # Rows are read through the whole table alone: its row security does not hold for whoever names a partition.
    is_closed: bool = False

    def __post_init__(self) -> None:
        split_by_time(self.table)

    @property
    def retention(self) -> timedelta:
        return getattr(settings, self.setting) * self.unit

    def next_after(self, first: datetime) -> datetime:
        return self.first_of(first + self.longest)

    def name(self, first: datetime) -> str:
        return f"{self.table}_{first:{self.suffix}}"

    def oldest_kept(self, now: datetime) -> datetime:
        return self.first_of(now - self.retention)


def day_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def month_of(at: datetime) -> datetime:
    return day_of(at).replace(day=1)


def keep(partitioned: Partitioned, *, now: datetime, newest_at: datetime | None = None) -> int:
    """Create the partitions of the next days and drop expired ones; returns how many changed.

    A clock that is set ahead must not delete data: what `newest_at`, the time of the newest row, does not show to be
    expired stays until it does. Must run outside a transaction, because a concurrent detach cannot run inside one.
    """
    changed = ensure(partitioned, coming(partitioned, now))
    if waiting := spared(partitioned, now=now, newest_at=newest_at):
        log.warning(
            "%s to %s stay: by the clock they are expired, but the newest row is from %s",
            waiting[0],
            waiting[-1],
            newest_at,
        )
    oldest = partitioned.name(partitioned.oldest_kept(min(now, newest_at or now)))
    for name, standing in existing(partitioned).items():
        if name < oldest:
            _drop(partitioned, name, standing)
            changed += 1
    return changed


def spared(partitioned: Partitioned, *, now: datetime, newest_at: datetime | None) -> list[str]:
    """The partitions that the clock alone would drop, but for the one that is next: a row of it may be the newest."""
    agreed = partitioned.name(partitioned.oldest_kept(min(now, newest_at or now)))
    by_clock = partitioned.name(partitioned.oldest_kept(now))
    return [name for name in existing(partitioned) if agreed <= name < by_clock][1:]


def coming(partitioned: Partitioned, now: datetime) -> list[datetime]:
    instants, last = [partitioned.first_of(now)], now + partitioned.ahead
    while (following := partitioned.next_after(instants[-1])) <= last:
        instants.append(following)
    return instants


def ensure(partitioned: Partitioned, instants: Iterable[datetime]) -> int:
    first_by_name = {partitioned.name(first): first for first in map(partitioned.first_of, instants)}
    if not first_by_name.keys() - existing(partitioned).keys():
        return 0
    with transaction.atomic(), acting_as_owner(partitioned.table), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_MAKING])
        missing = sorted(first_by_name.keys() - existing(partitioned).keys())
        for name in missing:
            first = first_by_name[name]
            cursor.execute(
                f"CREATE TABLE {name} (LIKE {partitioned.table} INCLUDING ALL) {partitioned.options}"
            )
            if partitioned.is_closed:
                # Without a policy of its own it shows nothing to anybody but its owner.
                cursor.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
            # Attaching does not block writers, but CREATE TABLE … PARTITION OF would.
            cursor.execute(
                f"ALTER TABLE {partitioned.table} ATTACH PARTITION {name} FOR VALUES FROM (%s) TO (%s)",
                [first, partitioned.next_after(first)],
            )
    return len(missing)


def existing(partitioned: Partitioned) -> dict[str, str]:
    """Partitions by name and status: `attached`, `pending` after an interrupted detach, `loose` after a complete
    one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, CASE WHEN inhparent IS NULL THEN 'loose' WHEN inhdetachpending THEN 'pending'"
            " ELSE 'attached' END FROM pg_class LEFT JOIN pg_inherits ON inhrelid = pg_class.oid"
            " WHERE relkind = 'r' AND relname ~ %s"
            " AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass(%s)) ORDER BY 1",
            [rf"^{partitioned.table}_\d+$", partitioned.table],
        )
        return dict(cursor.fetchall())


def _drop(partitioned: Partitioned, name: str, standing: str) -> None:
    with acting_as_owner(partitioned.table), connection.cursor() as cursor:
        if standing != "loose":
            how = "FINALIZE" if standing == "pending" else "CONCURRENTLY"
            cursor.execute(f"ALTER TABLE {partitioned.table} DETACH PARTITION {name} {how}")
        cursor.execute(f"DROP TABLE {name}")
