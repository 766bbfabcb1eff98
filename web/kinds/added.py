"""Columns that rooms above add to the lists of kinds, and to the objects listed on pages of others.

A room above registers columns for several models, and answers for the objects of a page together:

    added.register([Device, Port], Column("health", "Health", "health.state"), read=health_of, permission="…")

`health_of(objects, now=…)` gives a value by primary key; the columns read it at the attribute that is the key of the
first one.
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
    def __call__(self, objects: Sequence[Any], /, *, now: datetime) -> Mapping[int, Any]: ...


@dataclass(frozen=True, slots=True)
class AddedColumns:
    columns: tuple[Column, ...]
    read: ReadValues
    permission: str
    behind: str

    def joined(self, columns: Sequence[Column]) -> list[Column]:
        """The columns with these behind the one with the key `behind`, or behind the first one."""
        place = next((place for place, each in enumerate(columns) if each.key == self.behind), 0)
        return [*columns[: place + 1], *self.columns, *columns[place + 1 :]]

    def fill(self, objects: Sequence[Any]) -> None:
        values = self.read(objects, now=clock.now())
        for each in objects:
            setattr(each, self.columns[0].key, values.get(each.pk))


_added: dict[type[Model], AddedColumns] = {}


def register(
    models: Iterable[type[Model]], *columns: Column, read: ReadValues, permission: str, behind: str = ""
) -> None:
    for model in models:
        _added[model] = AddedColumns(columns, read, permission, behind)


def added_to(model: type[Model], user: User) -> AddedColumns | None:
    added = _added.get(model)
    return added if added is not None and user.has_perm(added.permission) else None


def listed(
    table: Table,
    model: type[Model],
    prepare: Callable[[list[Any]], Sequence[Any]] | None,
    user: User,
) -> tuple[Table, Callable[[list[Any]], Sequence[Any]] | None]:
    """The table with what is added to it, and what makes rows of a page's objects."""
    added = added_to(model, user)
    if added is None:
        return table, prepare

    def filled(objects: list[Any]) -> Sequence[Any]:
        added.fill(objects)
        return prepare(objects) if prepare else objects

    return replace(table, columns=added.joined(table.columns)), filled
