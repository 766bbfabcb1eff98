"""Tracks which objects the demo created (and must remove) and which existed before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, Q


@dataclass
class DemoObjects:
    """Primary keys of the objects that the demo created, by model label."""

    ids: dict[str, list[int]] = field(default_factory=dict)

    def note(self, objects: Iterable[Any]) -> None:
        for each in objects:
            self.ids.setdefault(each._meta.label, []).append(each.pk)


def existing_or_new[Row: Model](
    model: type[Row], rows: list[Row], *, by: tuple[str, ...], objects: DemoObjects
) -> list[Row]:
    """Return rows in the given order; an existing row that shares one of the unique columns `by` is reused."""
    row_by_key: dict[tuple[str, Any], Row] = {}

    def found(row: Row) -> Row | None:
        keys = ((column, getattr(row, column)) for column in by)
        return next((row_by_key[key] for key in keys if key in row_by_key), None)

    for column in by:
        values = [getattr(row, column) for row in rows]
        for row in model._default_manager.filter(Q(**{f"{column}__in": values})):
            row_by_key[column, getattr(row, column)] = row
    new = [row for row in rows if found(row) is None]
    objects.note(model._default_manager.bulk_create(new))
    for row in new:
        row_by_key |= {(column, getattr(row, column)): row for column in by}
    return [found(row) or row for row in rows]


def written[Row: Model](
    model: type[Row], rows: Sequence[dict[str, Any]], objects: DemoObjects, **references: Mapping[str, Any]
) -> dict[str, Row]:
    """Write the rows of a file, or reuse rows with the same slug or name; returns them by slug of the file.
    `references` holds, for a column, the object for each text."""
    instances = [
        model(**row | {column: references[column][row[column]] for column in references.keys() & row.keys()})
        for row in rows
    ]
    by = tuple(column for column in ("slug", "name") if column in rows[0])
    stored = existing_or_new(model, instances, by=by, objects=objects)
    return {row["slug"]: each for row, each in zip(rows, stored, strict=True)}
