"""Looks after the blocks of days that are over: their space, and whether they can still be read."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import OperationalError, connection, transaction

from telemetry.binary import binary_cursor, fetched
from telemetry.core.instants import EPOCH
from telemetry.store import blocks, partitions
from telemetry.store.blocks import DAMAGED, PACKED, take_turn
from telemetry.store.replicas import ID_OF_SERIES
from web.database_roles import acting_as_owner

# By then all samples of a day that came in time are in blocks.
OVER_AFTER = timedelta(hours=6)
CHECKED_EVERY = timedelta(days=1)
# Blocks that are read at a time, of 1.5 kB each.
AT_ONCE = 5_000

_NEXT_BLOCKS = f"""
SELECT max(series_id), (array_agg(start ORDER BY series_id DESC, start DESC))[1], {PACKED} FROM (
    SELECT * FROM {{table}} WHERE (series_id, start) > (%s, %s) ORDER BY series_id, start LIMIT {AT_ONCE}
) next
"""


class LostBlock(NamedTuple):
    """A damaged block: `samples` of a series from `start` to `end` cannot be read."""

    series_id: int
    start: datetime
    end: datetime
    samples: int
    noticed_at: datetime


def look_after(*, now: datetime) -> int:
    """Give back the space that the growing of blocks left in a day's partition, and set damaged blocks aside. Takes one
    day that is due; returns how many it took. Must run outside a transaction, because VACUUM cannot run inside one."""
    for name in partitions.existing(partitions.BLOCKS):
        day = datetime.strptime(f"{name[-8:]}+0000", "%Y%m%d%z")
        if day + partitions.DAY + OVER_AFTER > now:
            continue
        packed_at, checked_at = _standing(day)
        if packed_at is None and not _shrink(name):
            continue
        if checked_at is not None and now - CHECKED_EVERY < checked_at <= now:
            continue
        _check(name, now)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO telemetry_blockday (day, packed_at, checked_at) VALUES (%s, %s, %s) ON CONFLICT (day)"
                " DO UPDATE SET checked_at = excluded.checked_at",
                [day, now, now],
            )
        return 1
    return 0


def _standing(day: datetime) -> tuple[datetime | None, datetime | None]:
    rows = fetched("SELECT packed_at, checked_at FROM telemetry_blockday WHERE day = %s::date", [day])
    return rows[0] if rows else (None, None)


def _shrink(name: str) -> bool:
    """Write a partition anew without the rows that others replaced; readers wait for it, for about a second a gigabyte.
    Returns whether it could be done."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '500ms'")
        try:
            with suppress(OperationalError), acting_as_owner(name):
                cursor.execute(f"VACUUM (FULL, ANALYZE) {name}")
                return True
        finally:
            cursor.execute("RESET lock_timeout")
    return False


def _check(name: str, now: datetime) -> None:
    last: tuple[int | None, datetime] = 0, EPOCH
    while last[0] is not None:
        with transaction.atomic(), binary_cursor() as cursor:
            take_turn(wait=True)
            row: Any = cursor.execute(_NEXT_BLOCKS.format(table=name), last).fetchone()
            blocks.set_aside(blocks.unpacked(row[2:]).damaged, now=now)
            last = row[0], row[1]


def lost_blocks(*, most: int) -> list[LostBlock]:
    """Damaged blocks, the newest first."""
    columns = f"{ID_OF_SERIES}, start, finish, samples, noticed_at"
    rows = fetched(f"SELECT {columns} FROM {DAMAGED} ORDER BY start DESC, series_id LIMIT %s", [most])
    return [LostBlock(*row) for row in rows]


def forget(*, before: datetime) -> None:
    """Delete what is kept about days and blocks that are past their time."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {DAMAGED} WHERE finish < %s", [before])
        cursor.execute("DELETE FROM telemetry_blockday WHERE day < %s::date", [before])
