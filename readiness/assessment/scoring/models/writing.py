"""Write many rows of a model in one statement. They go as one JSON document, which PostgreSQL splits by the columns'
types. Model instances for each row, and a parameter for each column, would cost several times as much as the database's
own work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from django.db import connection
from django.db.models import Field, Model

from telemetry.binary import binary_cursor

type Row = Mapping[str, Any]
"""Values by column; a missing one is null. Enumeration values, times and bytes are taken as they are."""


def insert(model: type[Model], rows: Sequence[Row]) -> None:
    _write(_inserting(model), rows)


def upsert(model: type[Model], rows: Sequence[Row], unique: tuple[str, ...]) -> None:
    """Write rows in the order of `unique`, so that two writers cannot wait for each other."""
    _write(f"{_inserting(model)} {_updating(model, unique)}", rows)


def _write(statement: str, rows: Sequence[Row]) -> None:
    if rows:
        with binary_cursor() as cursor:
            cursor.execute(
                statement,
                {"rows": orjson.dumps(rows, default=_bytea, option=orjson.OPT_SERIALIZE_NUMPY).decode()},
            )


def _bytea(value: Any) -> str:
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    raise TypeError(f"{type(value).__name__} is no value of a column.")


@cache
def _inserting(model: type[Model]) -> str:
    written = _fields(model)
    names = ", ".join(f'"{field.column}"' for field in written)
    typed = ", ".join(f'"{field.column}" {field.db_type(connection)}' for field in written)
    return (
        f'INSERT INTO "{model._meta.db_table}" ({names})'
        f" SELECT {names} FROM json_to_recordset(%(rows)s::json) AS given ({typed})"
    )


@cache
def _updating(model: type[Model], unique: tuple[str, ...]) -> str:
    names = [field.column for field in _fields(model) if field.column not in unique]
    return (
        f"ON CONFLICT ({', '.join(unique)}) DO UPDATE SET"
        f" {', '.join(f'"{name}" = excluded."{name}"' for name in names)}"
    )


def _fields(model: type[Model]) -> list[Field[Any, Any]]:
    return [field for field in model._meta.concrete_fields if not field.primary_key]
