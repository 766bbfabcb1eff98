"""Samples on their way into the hot table, and out of all tables when their series go."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from django.db import connection, transaction
from numpy.typing import NDArray

from telemetry.binary import EPOCH_US
from telemetry.store import hot, partitions
from telemetry.store.blocks import DAMAGED, take_turn

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_SAMPLE = np.dtype(
    [
        ("fields", ">i2"),
        ("ts_length", ">i4"),
        ("ts", ">i8"),
        ("series_length", ">i4"),
        ("series", ">i8"),
        ("value_length", ">i4"),
        ("value", ">f8"),
    ]
)


def append(
    cursor: psycopg.Cursor[Any],
    *,
    ts_ms: NDArray[np.int64],
    series_ids: NDArray[np.int64],
    values: NDArray[np.float64],
    now: datetime,
) -> None:
    """Store samples, in the caller's transaction."""
    copy_samples(cursor, hot.writable(cursor, now=now), ts_ms, series_ids, values)


def copy_samples(
    cursor: psycopg.Cursor[Any],
    table: str,
    ts_ms: NDArray[np.int64],
    series_ids: NDArray[np.int64],
    values: NDArray[np.float64],
) -> None:
    rows = np.empty(len(ts_ms), _SAMPLE)
    rows["fields"] = 3
    rows["ts_length"] = rows["series_length"] = rows["value_length"] = 8
    rows["ts"] = ts_ms * 1000 - EPOCH_US
    rows["series"] = series_ids
    rows["value"] = values
    with cursor.copy(f"COPY {table} (ts, series_id, value) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(_HEADER + rows.tobytes() + _TRAILER)


@transaction.atomic
def erase(series_ids: Sequence[int]) -> None:
    """Delete all samples and roll-ups of these series."""
    take_turn(wait=True)
    tables = (hot.TABLE, *(partitioned.table for partitioned in partitions.ALL), DAMAGED)
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {table} WHERE series_id = ANY(%s)", [list(series_ids)])
