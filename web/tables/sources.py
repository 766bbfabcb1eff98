"""Sources of a table's rows: a queryset, or a complete sequence."""

from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from django.db.models import F, Model, QuerySet
from django.db.models.expressions import OrderBy

from web import visibility
from web.deep_pages import rows_between
from web.tables import filtering
from web.tables.addresses import SEARCH, Address
from web.tables.columns import Column, Table

type Prepare = Callable[[list[Any]], Sequence[Any]]

CHUNK = 500


class QueryRows:
    def __init__(
        self, table: Table, queryset: QuerySet, prepare: Prepare | None, total: int | None = None
    ) -> None:
        self.every = self.queryset = queryset
        self.prepare = prepare or list
        self.total = total
        self.filterset = table.filterset
        self.filter_names = set(table.filterset.base_filters) if table.filterset else set()
        self.searches = SEARCH in self.filter_names
        self.group_by = table.group_by
        self.then_by = table.then_by

    def narrow(self, address: Address) -> None:
        if self.filterset is not None:
            self.queryset = filtering.narrowed(self.filterset, self.queryset, address.data)

    def sortable(self, column: Column) -> bool:
        if not isinstance(column.sort, str):
            return False
        model: type[Model] = self.queryset.model
        return visibility.sees_names() or not visibility.identifies(model, column.sort)

    def order(self, column: Column | None, descending: bool) -> None:
        if column is not None:
            self.queryset = self.queryset.order_by(
                *self.group_by, _expression(str(column.sort), descending), *self.then_by
            )
        elif not self.queryset.ordered:
            self.queryset = self.queryset.order_by("pk")

    def __len__(self) -> int:
        if self.total is None:
            self.total = self.queryset.count()
        return self.total

    def rows_between(self, start: int, end: int) -> Sequence[Any]:
        return self.prepare(rows_between(self.queryset, start, end, total=len(self)))

    def chunks(self) -> Iterator[Sequence[Any]]:
        chunk: list[Any] = []
        for row in self.queryset.iterator(chunk_size=CHUNK):
            chunk.append(row)
            if len(chunk) == CHUNK:
                yield self.prepare(chunk)
                chunk = []
        if chunk:
            yield self.prepare(chunk)

    def panel(self, address: Address, *, counts: bool) -> list[filtering.Filter]:
        if self.filterset is None:
            return []
        entries = filtering.panel(self.filterset, address)
        if not counts or not 0 < (self.total or 0) <= filtering.MOST_COUNTED:
            return entries
        return filtering.add_counts(self.filterset, entries, self.every, self.queryset, address.data)

    def chips(self, address: Address, entries: list[filtering.Filter]) -> list[filtering.Chip]:
        return filtering.chips(self.filterset, address, entries) if self.filterset else []


class SequenceRows:
    """Searches the displayed words, sorts by the columns' values; missing values come last."""

    searches = True

    def __init__(self, table: Table, rows: Sequence[Any], prepare: Prepare | None) -> None:
        self.table = table
        self.all_rows = self.rows = list(prepare(list(rows)) if prepare else rows)
        self.filter_names = {each.name for each in table.filters}

    def narrow(self, address: Address) -> None:
        self.rows = filtering.narrowed_rows(self.table.filters, self.rows, address)
        search_text = address.one(SEARCH).casefold().strip()
        if search_text:
            self.rows = [row for row in self.rows if search_text in self._words(row)]

    def sortable(self, column: Column) -> bool:
        return column.sort is True or callable(column.sort)

    def order(self, column: Column | None, descending: bool) -> None:
        if column is not None:
            key = column.sort if callable(column.sort) else column.read
            pairs = [(key(row), row) for row in self.rows]
            valued_pairs = [pair for pair in pairs if pair[0] is not None]
            valued_pairs.sort(key=itemgetter(0), reverse=descending)
            self.rows = [row for _, row in valued_pairs] + [row for value, row in pairs if value is None]
        if (heading := self.table.headed_by) is not None:
            places = {each: place for place, each in enumerate(dict.fromkeys(map(heading, self.rows)))}
            self.rows = sorted(self.rows, key=lambda row: places[heading(row)])

    def __len__(self) -> int:
        return len(self.rows)

    def rows_between(self, start: int, end: int) -> Sequence[Any]:
        return self.rows[start:end]

    def chunks(self) -> Iterator[Sequence[Any]]:
        yield self.rows

    def panel(self, address: Address, *, counts: bool) -> list[filtering.Filter]:
        return filtering.panel_of_choices(self.table.filters, self.all_rows, address)

    def chips(self, address: Address, entries: list[filtering.Filter]) -> list[filtering.Chip]:
        return filtering.chips_of_choices(self.table.filters, address)

    def _words(self, row: Any) -> str:
        return " ".join(column.words(row, column.read(row)) for column in self.table.columns).casefold()


type Rows = QueryRows | SequenceRows


def rows_of(
    table: Table, rows: QuerySet | Sequence[Any], prepare: Prepare | None, total: int | None = None
) -> Rows:
    if isinstance(rows, QuerySet):
        return QueryRows(table, rows, prepare, total)
    return SequenceRows(table, rows, prepare)


def _expression(sort: str, descending: bool) -> OrderBy:
    """A sort with a minus is the reverse of its column: an age grows as its instant falls."""
    field = F(sort.removeprefix("-"))
    falling = descending != sort.startswith("-")
    return field.desc(nulls_last=True) if falling else field.asc(nulls_last=True)
