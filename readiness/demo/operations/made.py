"""Objects that the demo made itself, to be taken out with it, and those that were there before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, Q


@dataclass
class DemoObjects:
    """Primary keys of what the demo made itself, by model label."""

    ids: dict[str, list[int]] = field(default_factory=dict)

    def note(self, objects: list[Any]) -> None:
        for each in objects:
            self.ids.setdefault(each._meta.label, []).append(each.pk)


def existing_or_new[Row: Model](
    model: type[Row], wanted: list[Row], *, by: tuple[str, ...], made: DemoObjects
) -> list[Row]:
    """The rows in the order wanted; where a row is there that shares any of the unique columns `by`, it is used."""
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
    """Write rows of a file, or use those that have the slug or name already; by the slugs of the file. `known` has
    what a column refers to, by what stands there."""
    wanted = [
        model(**row | {column: known[column][row[column]] for column in known.keys() & row.keys()})
        for row in rows
    ]
    by = tuple(column for column in ("slug", "name") if column in rows[0])
    stored = existing_or_new(model, wanted, by=by, made=made)
    return {row["slug"]: each for row, each in zip(rows, stored, strict=True)}
