"""Rows in bulk: one statement for each model, whatever they refer to."""

from collections.abc import Callable, Iterable, Iterator
from graphlib import TopologicalSorter
from typing import Any

from django.db.models import ForeignKey, Model

BATCH = 10_000


def write(*groups: Iterable[Model]) -> None:
    """Write the rows that are not stored yet, and before them those that they refer to; in the order given, by model.

    Rows refer to each other by object, so nobody needs a key before it exists. Models may not refer to each other in a
    circle; rows of one model may stand in a tree.
    """
    unwritten: dict[int, Model] = {}
    refers_to: dict[type[Model], dict[type[Model], None]] = {}
    trees: set[type[Model]] = set()

    def gather(row: Model) -> None:
        models = refers_to.setdefault(type(row), {})
        for other in _unwritten_references(row):
            if id(other) not in unwritten:
                gather(other)
            if type(other) is type(row):
                trees.add(type(row))
            else:
                models[type(other)] = None
        unwritten[id(row)] = row

    for group in groups:
        for row in group:
            if row._state.adding and id(row) not in unwritten:
                gather(row)
    for model in TopologicalSorter(refers_to).static_order():
        rows = [row for row in unwritten.values() if type(row) is model]
        while rows:
            ready = [row for row in rows if model not in trees or not any(_unwritten_references(row))]
            model._default_manager.bulk_create(ready, batch_size=BATCH)
            rows = [row for row in rows if row._state.adding]


def _unwritten_references(row: Model) -> Iterator[Model]:
    for field in row._meta.concrete_fields:
        if isinstance(field, ForeignKey) and field.is_cached(row):
            other = field.get_cached_value(row)
            if other is not None and other._state.adding:
                yield other


class Maker[Row: Model]:
    """Makes rows of a model: `Maker(Rack, next_number, site=site, name="Rack {n}")`.

    A column that a call leaves out gets its usual value: a text, in which {n} is a number of its own; what a function
    of that number returns; a row of another maker; or the value itself. `names` are columns that a call may give by
    place.
    """

    def __init__(self, model: type[Row], number: Callable[[], int], /, *names: str, **usual: Any) -> None:
        self.model, self.number, self.names, self.usual = model, number, names, usual

    def row(self, *values: Any, **columns: Any) -> Row:
        """Return a row that is not written."""
        columns |= zip(self.names, values, strict=False)
        number = self.number()
        usual = {name: self._value(name, number) for name in self.usual if name not in columns}
        return self.model(**usual | columns)

    def __call__(self, *values: Any, **columns: Any) -> Row:
        row = self.row(*values, **columns)
        write([row])
        return row

    def _value(self, name: str, number: int) -> Any:
        value = self.usual[name]
        if isinstance(value, Maker):
            return value.row()
        if isinstance(value, str):
            return value.format(n=number)
        return value(number) if callable(value) else value
