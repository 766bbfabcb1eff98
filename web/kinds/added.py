"""Columns that rooms above add to the lists of kinds, and to the objects listed on pages of others.

A room above registers one column for several models, and answers for the objects of a page together:

    added.register([Device, Port], Column("health", "Health", "health.state"), health_of, permission="…")

`health_of(objects, now=…)` gives a value by primary key; the column reads it at the attribute of its own key.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from django.db.models import Model

from accounts.models import User
from web import clock
from web.tables import Column, Table


class ReadValues(Protocol):
    def __call__(self, objects: Sequence[Any], *, now: datetime) -> Mapping[int, Any]: ...


@dataclass(frozen=True, slots=True)
class AddedColumn:
    column: Column
    read: ReadValues
    permission: str

    def fill(self, objects: Sequence[Any]) -> None:
        values = self.read(objects, now=clock.now())
        for each in objects:
            setattr(each, self.column.key, values.get(each.pk))


_added: dict[type[Model], AddedColumn] = {}


def register(models: Iterable[type[Model]], column: Column, read: ReadValues, *, permission: str) -> None:
    for model in models:
        _added[model] = AddedColumn(column, read, permission)


def added_to(model: type[Model], user: User) -> AddedColumn | None:
    added = _added.get(model)
    return added if added is not None and user.has_perm(added.permission) else None


def listed(
    table: Table,
    model: type[Model],
    prepare: Callable[[list[Any]], Sequence[Any]] | None,
    user: User,
) -> tuple[Table, Callable[[list[Any]], Sequence[Any]] | None]:
    """The table with what is added to it, behind its first column, and what makes rows of a page's objects."""
    added = added_to(model, user)
    if added is None:
        return table, prepare

    def filled(objects: list[Any]) -> Sequence[Any]:
        added.fill(objects)
        return prepare(objects) if prepare else objects

    first, *others = table.columns
    return replace(table, columns=(first, added.column, *others)), filled
