"""Rows of the database as frozen values."""

from collections.abc import Iterator
from dataclasses import MISSING, fields
from typing import Any

from django.db.models import QuerySet


def rows_as[Row](kind: type[Row], rows: QuerySet[Any], /, **columns: str) -> Iterator[Row]:
    """One statement. A field is read from the column of its name, or from the one that `columns` gives; one with a
    default only from there."""
    read = {
        each.name: columns.get(each.name, each.name)
        for each in fields(kind)  # type: ignore[arg-type]
        if each.name in columns or each.default is MISSING
    }
    for row in rows.values_list(*read.values()):
        yield kind(**dict(zip(read, row, strict=True)))
