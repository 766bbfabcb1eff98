"""Binary transfer with PostgreSQL, where Django's cursors would write bytes as text: numbers travel as numpy arrays."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import psycopg
from django.db import connection
from numpy.typing import NDArray
from psycopg.adapt import Dumper, Loader, PyFormat
from psycopg.pq import Format

# Microseconds from 1970 to 2000, PostgreSQL's epoch.
EPOCH_US = 946_684_800_000_000
# Object ids of the array types and of their elements (catalog/pg_type.dat).
_INT8S, _INT8, _FLOAT8S, _FLOAT8 = 1016, 20, 1022, 701
_INSTANTS, _INSTANT = 1185, 1184
_ARRAY_HEADER = struct.Struct(">iiiii")  # dimensions, whether any is null, element type, length, lower bound
_NO_ELEMENTS = 12  # header bytes of an empty array


class SeenCursor(psycopg.Cursor[Any]):
    """Logs its statements where Django logs its own, so that tests can count all statements."""

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
        cursor.format = Format.BINARY
        cursor.adapters.register_dumper(np.ndarray, ArrayDumper)
        for type_id in (_INT8S, _FLOAT8S, _INSTANTS):
            cursor.adapters.register_loader(type_id, ArrayLoader)
        yield cursor


def fetched(statement: str, values: Any) -> list[tuple[Any, ...]]:
    with binary_cursor() as cursor:
        return cursor.execute(statement, values).fetchall()


def fetched_columns(statement: str, values: Any) -> tuple[NDArray[Any], ...]:
    """The one row of a statement that gathers each column with array_agg; nothing gathered is an empty array."""
    (row,) = fetched(statement, values)
    return tuple(np.empty(0) if column is None else column for column in row)


class ArrayDumper(Dumper):
    """A one-dimensional array of integers as `bigint[]`, of `datetime64` in UTC as `timestamptz[]`, any other as
    `float8[]`."""

    format = Format.BINARY
    oid = _FLOAT8S
    element, kind = _FLOAT8, ">f8"

    def get_key(self, obj: NDArray[Any], format: PyFormat) -> tuple[Any, ...]:
        return self.cls, obj.dtype.kind

    def upgrade(self, obj: NDArray[Any], format: PyFormat) -> "ArrayDumper":
        return {"i": IntegersDumper, "M": InstantsDumper}.get(obj.dtype.kind, ArrayDumper)(self.cls)

    def dump(self, obj: NDArray[Any]) -> bytes:
        packed = np.empty(len(obj), [("length", ">i4"), ("value", self.kind)])
        packed["length"] = 8
        packed["value"] = obj
        return _ARRAY_HEADER.pack(1, 0, self.element, len(obj), 1) + packed.tobytes()


class IntegersDumper(ArrayDumper):
    oid = _INT8S
    element, kind = _INT8, ">i8"


class InstantsDumper(ArrayDumper):
    oid = _INSTANTS
    element, kind = _INSTANT, ">i8"

    def dump(self, obj: NDArray[Any]) -> bytes:
        return super().dump(obj.astype("datetime64[us]").astype(np.int64) - EPOCH_US)


class ArrayLoader(Loader):
    """`bigint[]`, `float8[]` and `timestamptz[]` (as ms since 1970) as numpy arrays; a null becomes NaN."""

    format = Format.BINARY

    def load(self, data: Any) -> NDArray[Any]:
        raw = bytes(data)
        if len(raw) <= _NO_ELEMENTS:
            return np.empty(0)
        _, has_null, element, length, _ = _ARRAY_HEADER.unpack_from(raw)
        kind = ">f8" if element == _FLOAT8 else ">i8"
        if not has_null:
            packed = np.frombuffer(raw, [("length", ">i4"), ("value", kind)], length, _ARRAY_HEADER.size)
            numbers = packed["value"].astype(kind[1:])
            return (numbers + EPOCH_US) // 1000 if element == _INSTANT else numbers
        values, position = np.full(length, np.nan), _ARRAY_HEADER.size
        for place in range(length):
            is_null = raw[position : position + 4] == b"\xff\xff\xff\xff"
            if not is_null:
                values[place] = np.frombuffer(raw, kind, 1, position + 4)[0]
            position += 4 if is_null else 12
        return values
