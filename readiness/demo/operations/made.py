"""Tracks which objects the demo created (and must remove) and which existed before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, Q


@dataclass
class DemoObjects:
    """Primary keys of the objects that the demo created, by model label."""

    ids: dict[str, list[int]] = field(default_factory=dict)

    def note(self, objects: list[Any]) -> None:
        for each in objects:
            self.ids.setdefault(each._meta.label, []).append(each.pk)


def existing_or_new[Row: Model](
    model: type[Row], wanted: list[Row], *, by: tuple[str, ...], made: DemoObjects
) -> list[Row]:
    """Return rows in the given order; an existing row that shares one of the unique columns `by` is reused."""
    known: dict[tuple[str, Any], Row] = {}

    def found(row: Row) -> Row | None:
        keys = ((column, getattr(row, column)) for column in by)
        return next((known[key] for key in keys if key in known), None)

    for column in by:
        values = [getattr(row, column) for row in wanted]
        for row in model._default_manager.filter(Q(**{f"{column}__in": values})):
            known[column, getattr(row, column)] = row
    new = [row for row in wanted if found(row) is None]
    made.note(model._default_manager.bulk_create(new))
    for row in new:
        known |= {(column, getattr(row, column)): row for column in by}
    return [found(row) or row for row in wanted]


def written[Row: Model](
    model: type[Row], rows: Sequence[dict[str, Any]], made: DemoObjects, **known: Mapping[str, Any]
) -> dict[str, Row]:
    """Write the rows of a file, or reuse rows with the same slug or name; returns them by slug of the file. `known`
    resolves references: for a column, the object for each text."""
    wanted = [
        model(**row | {column: known[column][row[column]] for column in known.keys() & row.keys()})
        for row in rows
    ]
    by = tuple(column for column in ("slug", "name") if column in rows[0])
    stored = existing_or_new(model, wanted, by=by, made=made)
    return {row["slug"]: each for row, each in zip(rows, stored, strict=True)}
