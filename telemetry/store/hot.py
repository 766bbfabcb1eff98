"""Hot samples: batches in the order of their arrival, before they are packed into blocks by series.

A batch has the samples that one source sent within moments (`telemetry.core.batches`). Batches are in one table at a
time. After two hours, or when it is large, it is sealed and the next one opened; nobody writes to a sealed table, so
what is packed from it is all of it, and it is dropped as a whole. A late sample is written to the open table like any
other. All of them inherit from `telemetry_samplebatch`, by which they are read.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.db import OperationalError, connection, transaction

from telemetry.binary import binary_cursor, fetched
from web.database_roles import acting_as_owner, split_by_time

TABLE, LIST = "telemetry_samplebatch", "telemetry_hottable"
split_by_time(TABLE)
OPEN_FOR = timedelta(hours=2)
# At 8 to 12 bytes a sample: about twelve million samples, which are packed in a few minutes.
MOST_BYTES = 120_000_000
# A table opened so much later than now was opened by a clock that was wrong.
TOLERANCE = timedelta(minutes=10)
# Shorter than the time after which autovacuum would be cancelled for us, and than a sender waits.
_SOON = "SET LOCAL lock_timeout = '500ms'"
_OPENING = 7_301_003
# Whoever seals the table waits for those that share its row, and after that they find it sealed.
_SHARE = "SELECT id FROM telemetry_hottable WHERE sealed_at IS NULL ORDER BY id DESC LIMIT 1 FOR SHARE"


@dataclass(frozen=True, slots=True)
class HotTable:
    """`packed_through` is the series up to which its samples are in blocks, `samples_packed` how many that were. With a
    remote storage, `forwarded_at` is when that had taken all of them but `refused` ones, which are in blocks;
    `missed_reads` is how often it did not give some back."""

    id: int
    opened_at: datetime
    sealed_at: datetime | None
    packed_through: int
    samples_packed: int
    forwarded_at: datetime | None
    refused: int
    missed_reads: int

    @property
    def name(self) -> str:
        return f"{TABLE}_{self.id}"

    def is_older(self, age: timedelta, *, now: datetime) -> bool:
        begun_at = self.sealed_at or self.opened_at
        return not now - age < begun_at <= now + TOLERANCE


def writable(cursor: psycopg.Cursor[Any], *, now: datetime) -> str:
    """Return the name of the open table, which stays open until the caller's transaction ends."""
    while True:
        row = cursor.execute(_SHARE).fetchone()
        if row is not None:
            return f"{TABLE}_{row[0]}"
        with connection.cursor() as plain:
            plain.execute("SELECT pg_advisory_xact_lock(%s)", [_OPENING])
        if cursor.execute("SELECT FROM telemetry_hottable WHERE sealed_at IS NULL").fetchone() is None:
            _open(now)


def _open(now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO telemetry_hottable (opened_at) VALUES (%s) RETURNING id", [now])
        (number,) = cursor.fetchone()
        # Rows are appended, read and dropped with their table, so freezing them would be wasted work.
        with acting_as_owner(TABLE):
            cursor.execute(
                f"CREATE TABLE {TABLE}_{number} (LIKE {TABLE} INCLUDING ALL) INHERITS ({TABLE})"
                " WITH (autovacuum_vacuum_insert_threshold = -1, toast.autovacuum_vacuum_insert_threshold = -1)"
            )


def hot_tables() -> list[HotTable]:
    """The tables that stand, the oldest first."""
    rows = fetched(
        "SELECT id, opened_at, sealed_at, packed_through, samples_packed, forwarded_at, refused,"
        " missed_reads FROM telemetry_hottable WHERE packed_at IS NULL ORDER BY opened_at, id",
        None,
    )
    return [HotTable(*row) for row in rows]


def seal_due(*, now: datetime, open_for: timedelta = OPEN_FOR) -> bool:
    """Seal the open table if it is old or large, and open the next one. Returns whether it did."""
    for table in hot_tables():
        if table.sealed_at is None and (table.is_older(open_for, now=now) or _size_bytes(table) > MOST_BYTES):
            # A writer that takes longer is waited for the next time.
            with suppress(OperationalError), transaction.atomic():
                _seal(table, now)
                return True
    return False


def _size_bytes(table: HotTable) -> int:
    ((size,),) = fetched("SELECT pg_table_size(to_regclass(%s))", [table.name])
    return int(size or 0)


def _seal(table: HotTable, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SOON)
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_OPENING])
        cursor.execute(
            "UPDATE telemetry_hottable SET sealed_at = %s WHERE id = %s AND sealed_at IS NULL",
            [now, table.id],
        )
    _open(now)


def begin_again(cursor: psycopg.Cursor[Any], table: HotTable, *, missed_reads: int = 0) -> None:
    """Have all of a table packed or forwarded from its beginning."""
    cursor.execute(
        "UPDATE telemetry_hottable SET packed_through = 0, samples_packed = 0, forwarded_at = NULL, refused = 0,"
        " refusal = '', failure = '', missed_reads = %s WHERE id = %s",
        [missed_reads, table.id],
    )


def drop(table: HotTable, *, now: datetime) -> bool:
    """Drop a table whose samples are all in blocks; returns whether that is so. A sample that was not packed has it
    packed again."""
    with suppress(OperationalError), transaction.atomic(), binary_cursor() as cursor:
        cursor.execute(_SOON)
        cursor.execute(f"LOCK TABLE {table.name} IN ACCESS EXCLUSIVE MODE")
        samples, newest_at = cursor.execute(
            f"SELECT coalesce(sum(samples), 0)::bigint, max(last_at) FROM {table.name}"
        ).fetchone() or (0, None)
        # Fewer if some were erased meanwhile.
        if samples > table.samples_packed:
            begin_again(cursor, table)
            return False
        with acting_as_owner(table.name):
            cursor.execute(f"DROP TABLE {table.name}")
        cursor.execute(
            "UPDATE telemetry_hottable SET packed_at = %s, newest_at = %s WHERE id = %s",
            [now, newest_at, table.id],
        )
        return True
    return False


def forget(*, packed_before: datetime) -> None:
    """Delete rows about tables that were dropped, but for the one with the newest sample: reads ask it whether blocks
    have anything of theirs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM telemetry_hottable WHERE packed_at < %s AND coalesce(newest_at <"
            " (SELECT max(newest_at) FROM telemetry_hottable), true)",
            [packed_before],
        )


def erase_before(at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE} WHERE last_at < %s", [at])
        return int(cursor.rowcount)
