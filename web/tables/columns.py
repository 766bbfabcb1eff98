"""Declarations of a table: its columns, and the names of its rows."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any

import django_filters
from django.db.models import Model
from django.utils.text import capfirst

from web import links, visibility
from web.words import plain, value_text

type Read = str | Callable[[Any], Any]

NOTHING = ("", None)
# Tables that fill a page, by its url name; they validate the queries of saved views.
LISTS: dict[str, "Table"] = {}


@dataclass(frozen=True)
class Column:
    """One column. `value`, `text`, `url`, `tone` and `export` take the row; a string is a path of attributes.

    `value` defaults to the attribute named `key`, `text` to the value in words, `export` to the value itself.
    `sort` is an expression of the queryset, such as "region__name" or "-newest_at"; for a sequence of rows a function
    of the row, or True for the value. `phone` says where the cell goes there: title, status, pair, full, row,
    mark (small, without its name) or hide.
    A path that meets a person is shown as web.visibility has it. `code` is for names that programs give.
    In a file a number's head says its unit: `unit`, or `file_unit` where the page's text has it; where each row has its
    own, `unit_of` gives it for a column beside it. `states` names the vocabulary of a state, such as "lifecycle".
    A column that `acts` holds buttons, and paper leaves it out.
    """

    key: str
    label: str
    value: Read | None = None
    text: Read | None = None
    url: Read | None = None
    template: str = ""
    sort: str | bool | Callable[[Any], Any] | None = None
    numeric: bool = False
    unit: str = ""
    default: bool = True
    locked: bool = False
    phone: str = "pair"
    export: Read | None = None
    hint: str = ""
    tone: Read | None = None
    code: bool = False
    file_unit: str = ""
    unit_of: Read | None = None
    states: str = ""
    acts: bool = False

    def read(self, row: Any) -> Any:
        return read_seen(row, self.value if self.value is not None else self.key)

    def words(self, row: Any, value: Any) -> str:
        if self.text is not None:
            return str(read_seen(row, self.text))
        path = self.value if isinstance(self.value, str) else self.key if self.value is None else None
        return spoken(row, path) or value_text(value)

    @property
    def heads(self) -> list[str]:
        unit = self.file_unit or self.unit
        head = f"{self.label} ({unit})" if unit else str(self.label)
        return [head] if self.unit_of is None else [head, f"{self.label}, unit"]

    def cells(self, row: Any) -> list[Any]:
        value = self.exported(row)
        if isinstance(value, dict):
            return [json.dumps(value, ensure_ascii=False)]
        if self.unit_of is None:
            return [value]
        return [value, "" if value is None else str(read_seen(row, self.unit_of) or "")]

    def exported(self, row: Any) -> Any:
        return plain(read_seen(row, self.export) if self.export is not None else self.read(row))


@dataclass(frozen=True)
class RowFilter:
    """A filter of a plain sequence of rows: those whose `value`, or one value of a set, was chosen."""

    name: str
    label: str
    value: Read
    choices: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Table:
    """`noun` is singular and plural. `filterset` filters a queryset, `filters` a sequence of rows.

    `api` names the endpoint's list ("inventory-api-site-list") that takes the same filters. `actions` make rows
    selectable: mappings of name, label, icon, url, danger. `group_by` are fields of the queryset that go before any
    sort, `then_by` those after it, a unique one last; `headed_by` gives the heading that a row stands under, with all
    others of it. Without a row it
    says what the template `nothing` holds, or `empty`. `page` is the url name of the page that shows this table alone.
    `row_object` leads from a row to the object that it is of, by default the row itself. `exports` are the files that
    the page offers.
    """

    id: str
    noun: tuple[str, str]
    columns: Sequence[Column]
    filterset: type[django_filters.FilterSet] | None = None
    filters: Sequence[RowFilter] = ()
    search: bool = True
    default_sort: str = ""
    empty: Mapping[str, Any] = field(default_factory=dict)
    nothing: str = ""
    actions: Sequence[Mapping[str, Any]] = ()
    title: str = ""
    label: str = ""
    row_id: Read | None = None
    row_url: Read | None = None
    row_name: Read | None = None
    per_page: int = 50
    api: str = ""
    group_by: Sequence[str] = ()
    then_by: Sequence[str] = ("pk",)
    headed_by: Callable[[Any], str] | None = None
    page: str = ""
    row_object: str = ""
    exports: Sequence[str] = ("csv", "json")

    def __post_init__(self) -> None:
        if self.page:
            LISTS[self.page] = self

    @property
    def accessible_name(self) -> str:
        return str(self.label or self.title or capfirst(str(self.noun[1])))

    def id_of(self, row: Any) -> Any:
        return (
            read(row, self.row_id)
            if self.row_id is not None
            else getattr(row, "pk", getattr(row, "id", None))
        )

    def object_of(self, row: Any) -> Any:
        return read(row, self.row_object) if self.row_object else row

    def url_of(self, row: Any) -> str:
        if self.row_url is not None:
            return read(row, self.row_url) or ""
        return (links.page_url(row) or "") if isinstance(row, Model) else ""

    def name_of(self, row: Any) -> str:
        return str(read(row, self.row_name) if self.row_name is not None else row)


def read(row: Any, what: Read) -> Any:
    if callable(what):
        return what(row)
    value = row
    for name in _names(what):
        if value is None:
            return None
        value = _step(value, name)
    return value


def read_all(rows: Sequence[Any], what: Read) -> list[Any]:
    """Read many rows, of thousands in a quarter of the time."""
    if not callable(what) and not any(isinstance(row, dict) for row in rows[:1]):
        # A path that ends at None raises.
        with suppress(AttributeError):
            return list(map(attrgetter(".".join(_names(what))), rows))
    return [read(row, what) for row in rows]


def read_seen(row: Any, what: Read) -> Any:
    """The same as the present reader may see it; at a hidden object the path ends."""
    if callable(what):
        return visibility.visible_value(None, "", what(row))
    value = row
    for name in _names(what):
        if value is None:
            return None
        step = _step(value, name)
        value = visibility.visible_value(value, name, step)
        if value is not step:
            break
    return value


@lru_cache(maxsize=4096)
def _names(path: str) -> tuple[str, ...]:
    return tuple(path.replace("__", ".").split("."))


def _step(holder: Any, name: str) -> Any:
    return holder.get(name) if isinstance(holder, dict) else getattr(holder, name)


def spoken(row: Any, path: str | None) -> str:
    if path is None:
        return ""
    *before, name = _names(path)
    holder = row
    for step in before:
        if holder is None:
            return ""
        holder = _step(holder, step)
    display = getattr(holder, f"get_{name}_display", None) if isinstance(holder, Model) else None
    return str(display()) if callable(display) else ""
