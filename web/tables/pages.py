"""One page of a table, as templates/web/table.html reads it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.cache import patch_vary_headers

from web.tables import display, files, filtering
from web.tables.addresses import COLUMNS, EXPORT, EXPORTS, PAGE, SAVED, SEARCH, SIZE, SIZES, SORT, Address
from web.tables.columns import NOTHING, Column, Table, read
from web.tables.menus import MenuAction, MenuOf, common_menu
from web.tables.sources import Prepare, Rows, rows_of


@dataclass(frozen=True, slots=True)
class Heading:
    key: str
    label: str
    hint: str
    unit: str
    numeric: bool
    phone: str
    sort_url: str
    sort: str
    acts: bool
    states: str


@dataclass(frozen=True, slots=True)
class Cell:
    column: Heading
    value: Any
    text: str
    url: str
    template: str
    tone: str
    missing: bool
    code: bool


@dataclass(frozen=True, slots=True)
class Row:
    """`object` is what the page prepared for this row, or the object itself; `heading` is the table's `headed_by` text
    on the first row below it."""

    id: Any
    url: str
    name: str
    cells: list[Cell]
    object: Any
    heading: str = ""
    menu: list[MenuAction] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Pager:
    start: int
    end: int
    total: int
    number: int
    pages: int
    previous_url: str
    next_url: str
    sizes: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class TablePage:
    """`export` is the requested format, "" for a page; `source` gives all prepared rows in chunks.

    `columns_are` is the origin of the shown columns: "default", "asked" by the address or "kept" for the user.
    """

    title: str
    label: str
    columns: list[Heading]
    rows: list[Row]
    filters: list[filtering.Filter]
    columns_are: str
    density: str
    page: Pager
    actions: list[Any]
    shown_columns: list[Column] = field(repr=False)
    table: Table = field(repr=False)
    address: Address = field(repr=False)
    source: Rows = field(repr=False)

    @property
    def id(self) -> str:
        return self.table.id

    @property
    def noun(self) -> tuple[str, str]:
        return self.table.noun

    @property
    def empty(self) -> Mapping[str, Any]:
        """`page` is the url name of where rows come from, behind `action_label`."""
        empty = {"title": f"No {self.noun[0]} yet", "text": ""} | dict(self.table.empty)
        return empty | {"action_url": reverse(empty["page"])} if "page" in empty else empty

    @property
    def selectable(self) -> bool:
        return bool(self.actions)

    @property
    def densities(self) -> list[tuple[str, str]]:
        return list(display.DENSITIES.items())

    @property
    def url(self) -> str:
        return self.address.path

    @property
    def export(self) -> str:
        return self.address.export

    @property
    def search(self) -> dict[str, str] | None:
        if not (self.table.search and self.source.searches):
            return None
        placeholder = f"Search {self.noun[1]}"
        return {"name": SEARCH, "value": self.address.one(SEARCH), "placeholder": placeholder}

    @property
    def chips(self) -> list[filtering.Chip]:
        return self.source.chips(self.address, self.filters)

    @property
    def hidden(self) -> list[tuple[str, str]]:
        return self.address.lasting_pairs

    @property
    def filter_values(self) -> list[tuple[str, str]]:
        return self.address.applied

    @property
    def clear_url(self) -> str:
        return self.address.unfiltered()

    @property
    def default_columns_url(self) -> str:
        return self.address.url(without=[COLUMNS])

    @property
    def choices(self) -> list[dict[str, Any]]:
        return [
            {
                "key": each.key,
                "label": str(each.label),
                "visible": each in self.shown_columns,
                "locked": each.locked,
            }
            for each in self.table.columns
        ]

    @property
    def exports(self) -> list[dict[str, str]]:
        return [
            {"label": EXPORTS[form], "url": self.address.url(without=[PAGE, SIZE], export=form)}
            for form in self.table.exports
        ]

    @property
    def query(self) -> str:
        """The part of the address that a saved view saves, with columns that differ from the default."""
        left_out = {PAGE, COLUMNS, SAVED}
        pairs = [(name, value) for name, value in self.address.pairs if name not in left_out and value]
        own = self.columns_are == "default"
        return urlencode(
            pairs if own else [*pairs, (COLUMNS, ",".join(each.key for each in self.shown_columns))]
        )

    @property
    def api_url(self) -> str:
        if not self.table.api:
            return ""
        try:
            path = reverse(self.table.api)
        except NoReverseMatch:
            return ""
        search = self.address.one(SEARCH)
        pairs = [*self.address.applied, *([(SEARCH, search)] if search else [])]
        return f"{path}?{urlencode(pairs)}" if pairs else path


def page(
    request: HttpRequest,
    table: Table,
    rows: QuerySet | Sequence[Any],
    *,
    prepare: Prepare | None = None,
    url: str = "",
    title: str = "",
    actions: Sequence[Any] | None = None,
    menu: MenuOf | None = None,
    counts: bool = True,
    total: int | None = None,
) -> TablePage:
    """The requested page of a queryset or of a sequence of rows.

    `prepare` turns the objects of one page into rows in the same order; an export calls it for each chunk. `menu` gives
    further actions of a row. `total` is the number of rows, if known. `counts` shows beside each filter choice how many
    rows it would leave: one statement.
    """
    source = rows_of(table, rows, prepare, None if _is_file(request) else total)
    address, sort = _narrow(request, table, source, url or request.path)
    pager, cut = _pager(table, address, source)
    user = getattr(request, "user", None)
    columns, columns_are = _shown(table, address, display.kept_columns(user, table.id))
    headings = [_heading(column, sort, address, source) for column in columns]
    return TablePage(
        title=title or str(table.title),
        label=title or table.accessible_name,
        columns=headings,
        rows=_page_rows(table, source.rows_between(*cut), columns, headings, common_menu(request, menu)),
        filters=source.panel(address, counts=counts),
        columns_are=columns_are,
        density=display.density_of(user),
        page=pager,
        actions=list(table.actions if actions is None else actions),
        shown_columns=columns,
        table=table,
        address=address,
        source=source,
    )


def _narrow(
    request: HttpRequest, table: Table, source: Rows, path: str
) -> tuple[Address, tuple[Column | None, bool]]:
    """Filter and order the rows; returns the sort column, and whether it is descending."""
    address = Address(request, path=path, filters=source.filter_names)
    sort = _sort(table, address, source)
    source.narrow(address)
    source.order(*sort)
    return address, sort


def _sort(table: Table, address: Address, source: Rows) -> tuple[Column | None, bool]:
    columns = {column.key: column for column in table.columns if source.sortable(column)}
    for key in (address.one(SORT), table.default_sort):
        if (column := columns.get(key.removeprefix("-"))) is not None:
            return column, key.startswith("-")
    return None, False


def _shown(table: Table, address: Address, kept_keys: Sequence[str]) -> tuple[list[Column], str]:
    for keys, origin in ((address.many(COLUMNS), "asked"), (kept_keys, "kept")):
        if chosen_keys := {column.key for column in table.columns} & {*keys}:
            return [each for each in table.columns if each.locked or each.key in chosen_keys], origin
    return [column for column in table.columns if column.locked or column.default], "default"


def _heading(column: Column, sort: tuple[Column | None, bool], address: Address, source: Rows) -> Heading:
    by, descending = sort
    state = url = ""
    if source.sortable(column):
        state = "none" if by is not column else "descending" if descending else "ascending"
        url = address.anew(sort=f"-{column.key}" if state == "ascending" else column.key)
    return Heading(
        key=column.key,
        label=str(column.label),
        hint=str(column.hint),
        unit=column.unit,
        numeric=column.numeric,
        phone=column.phone,
        sort_url=url,
        sort=state,
        acts=column.acts,
        states=column.states,
    )


def _page_rows(
    table: Table,
    objects: Sequence[Any],
    columns: list[Column],
    headings: list[Heading],
    menu_of: Callable[[Any, str], list[MenuAction]],
) -> list[Row]:
    rows, above = [], ""
    for each in objects:
        heading = table.headed_by(each) if table.headed_by is not None else ""
        row = _page_row(table, each, columns, headings, menu_of)
        rows.append(replace(row, heading=heading) if heading != above else row)
        above = heading
    return rows


def _page_row(
    table: Table,
    row: Any,
    columns: list[Column],
    headings: list[Heading],
    menu_of: Callable[[Any, str], list[MenuAction]],
) -> Row:
    url = table.url_of(row)
    cells = [_cell(column, heading, row, url) for column, heading in zip(columns, headings, strict=True)]
    return Row(
        id=table.id_of(row),
        url=url,
        name=table.name_of(row),
        cells=cells,
        object=row,
        menu=menu_of(table.object_of(row), url),
    )


def _cell(column: Column, heading: Heading, row: Any, row_url: str) -> Cell:
    value = column.read(row)
    missing = value in NOTHING if isinstance(value, (str, type(None))) else False
    # A template does not need the value in words, which is slow for lists of marks.
    unsaid = column.text is None and (missing or column.template)
    text = "" if unsaid else column.words(row, value)
    url = read(row, column.url) if column.url is not None else row_url if column.phone == "title" else ""
    return Cell(
        column=heading,
        value=value,
        text=text,
        url=url or "",
        template=column.template,
        tone=(read(row, column.tone) or "") if column.tone is not None else "",
        missing=missing,
        code=column.code,
    )


def _pager(table: Table, address: Address, source: Rows) -> tuple[Pager, tuple[int, int]]:
    total, size = 0 if address.export else len(source), address.size(table.per_page)
    pages = max(1, -(-total // size))
    number = min(address.number(PAGE), pages)
    start, end = (number - 1) * size, min(number * size, total)
    sizes = [
        {"size": each, "url": address.url(without=[PAGE], per=each), "current": each == size}
        for each in SIZES
    ]
    pager = Pager(
        start=start + 1 if total else 0,
        end=end,
        total=total,
        number=number,
        pages=pages,
        previous_url=address.url(page=number - 1) if number > 1 else "",
        next_url=address.url(page=number + 1) if number < pages else "",
        sizes=sizes,
    )
    return pager, (start, end)


def wants_table_only(request: HttpRequest, page: TablePage | Table) -> bool:
    """Whether only the table is needed: htmx swaps it, or a file is requested."""
    return _is_file(request) or request.headers.get("HX-Target", "").partition("#")[2] == f"table-{page.id}"


def _is_file(request: HttpRequest) -> bool:
    return request.GET.get(EXPORT, "") in EXPORTS


def respond(
    request: HttpRequest, template: str, page: TablePage, context: Mapping[str, Any] | None = None
) -> HttpResponseBase:
    if page.export:
        return files.answer(page.table, page.shown_columns, page.source, page.export)
    name = "web/table.html" if wants_table_only(request, page) else template
    response = render(request, name, {**(context or {}), "table": page})
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response
