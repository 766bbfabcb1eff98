"""The query of a saved view, validated by its list."""

import re
from urllib.parse import parse_qsl, urlencode

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.urls import NoReverseMatch, Resolver404, resolve, reverse

from web.requests import FOR_PROGRAMS
from web.tables import LISTS, Table
from web.tables.addresses import COLUMNS, EXPORT, PAGE, SAVED, SEARCH, SIZE, SIZES, SORT

# Parameters of position, form and origin, which a view does not save.
LEFT_OUT = frozenset({PAGE, EXPORT, SAVED, "kiosk"})
MOST_PARAMETERS = 60
NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def permissions_of(table: str) -> tuple[str, ...] | None:
    """Return the permissions of the page with this url name; None if views of it cannot be saved."""
    try:
        path = reverse(table)
        view = resolve(path).func
    except (NoReverseMatch, Resolver404):
        return None
    return None if path.startswith(FOR_PROGRAMS) else getattr(view, "permissions", None) or None


def clean_query(table: str, text: str) -> str:
    """Return the query without ignored parameters.

    Raises ValidationError for parameters that the list does not know.
    """
    try:
        pairs = parse_qsl(text.removeprefix("?"), max_num_fields=MOST_PARAMETERS, errors="strict")
    except ValueError as error:
        raise _refused("This is not the query of an address.") from error
    pairs = [(name, value) for name, value in pairs if name not in LEFT_OUT]
    for name, value in pairs:
        if not NAME.fullmatch(name) or CONTROL.search(value):
            raise _refused(f"“{name[:40]}” cannot be read.")
    if table in LISTS:
        _hold_to(LISTS[table], pairs)
    return urlencode(pairs)


def _hold_to(table: Table, pairs: list[tuple[str, str]]) -> None:
    filters = set(table.filterset.base_filters) if table.filterset else {each.name for each in table.filters}
    parameters = filters | {SEARCH, SORT, SIZE, COLUMNS}
    if unknown := sorted({name for name, _ in pairs} - parameters):
        raise _refused(f"The list has no parameter {', '.join(unknown)}.")
    columns = {column.key for column in table.columns}
    sorts = {column.key for column in table.columns if column.sort}
    for name, value in pairs:
        values = set(value.split(",")) if name == COLUMNS else {value.removeprefix("-")}
        allowed = {COLUMNS: columns, SORT: sorts, SIZE: set(map(str, SIZES))}.get(name, values)
        if wrong := sorted(values - allowed):
            raise _refused(f"{name} cannot be {', '.join(wrong)}. There are {', '.join(sorted(allowed))}.")
    if table.filterset is not None:
        asked_filters = QueryDict(urlencode([pair for pair in pairs if pair[0] in filters]))
        bound = table.filterset(asked_filters, queryset=table.filterset._meta.model._default_manager.all())
        if not bound.is_valid():
            raise _refused("; ".join(f"{name}: {' '.join(errors)}" for name, errors in bound.errors.items()))


def _refused(message: str) -> ValidationError:
    return ValidationError({"query": message})
