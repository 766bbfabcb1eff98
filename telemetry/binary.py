"""Binary talk with PostgreSQL, where Django's cursors would write bytes out as text."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import psycopg
from django.db import connection
from numpy.typing import NDArray

# Microseconds from 1970 to 2000, PostgreSQL's epoch.
_EPOCH_US = 946_684_800_000_000
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


class SeenCursor(psycopg.Cursor[Any]):
    """Writes its statements where Django writes its own, so that tests can count them all."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> "SeenCursor":
        connection.queries_log.append({"sql": str(query), "time": "0"})
        return super().execute(query, params, **options)

    def copy(self, statement: Any, params: Any = None, **options: Any) -> Any:
        connection.queries_log.append({"sql": str(statement), "time": "0"})
        return super().copy(statement, params, **options)


@contextmanager
def binary_cursor() -> Iterator[psycopg.Cursor[Any]]:
    """A server-side binding cursor on Django's own connection, inside whatever transaction that is in."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    kind = SeenCursor if connection.queries_logged else psycopg.Cursor
    with connection.wrap_database_errors, kind(connection.connection) as cursor:
        cursor.format = psycopg.pq.Format.BINARY
        yield cursor


def copy_samples(
    cursor: psycopg.Cursor[Any],
    table: str,
    ts_ms: NDArray[np.int64],
    series_id: NDArray[np.int64],
    value: NDArray[np.float64],
) -> None:
    """Append rows to a partition; the columns are of equal length."""
    rows = np.empty(len(ts_ms), _SAMPLE)
    rows["fields"] = 3
    rows["ts_length"] = rows["series_length"] = rows["value_length"] = 8
    rows["ts"] = ts_ms * 1000 - _EPOCH_US
    rows["series"] = series_id
    rows["value"] = value
    with cursor.copy(f"COPY {table} (ts, series_id, value) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(_HEADER + rows.tobytes() + _TRAILER)
