"""Samples on their way into their tables, and out of them when their series go."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import psycopg
from django.db import connection
from numpy.typing import NDArray

from telemetry.binary import EPOCH_US
from telemetry.core.instants import instant
from telemetry.store import partitions

DAY_MS = 86_400_000
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
) -> None:
    """Store samples, in the caller's transaction; those of other days make their partitions."""
    days = ts_ms // DAY_MS
    starts = {day: instant(day * DAY_MS) for day in np.unique(days).tolist()}
    partitions.ensure(partitions.SAMPLES, starts.values())
    for day, start in starts.items():
        rows = slice(None) if len(starts) == 1 else days == day
        copy_samples(
            cursor,
            partitions.SAMPLES.name(start),
            ts_ms[rows],
            series_ids[rows],
            values[rows],
        )


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


def erase(series_ids: Sequence[int]) -> None:
    """Delete all samples and roll-ups of these series."""
    with connection.cursor() as cursor:
        for partitioned in partitions.ALL:
            cursor.execute(f"DELETE FROM {partitioned.table} WHERE series_id = ANY(%s)", [list(series_ids)])
