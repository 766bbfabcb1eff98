"""The page of one object, built from the declaration of its kind."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model

from accounts.models import User
from web import units
from web.kinds import added, panels
from web.kinds.kind import KIND_OF, Facts, Kind, Related
from web.kinds.panels import Panel
from web.scopes import may_add
from web.tables import Column
from web.tables.columns import read

# Number of related objects on the page; a link leads to the rest.
A_FEW = 8
# Positions in a rack or on the map need no provenance.
PLAIN_UNITS = {"U", "°"}


def panels_of(kind: Kind, obj: Any, *, user: User, now: datetime) -> list[Panel]:
    """Facts first, then related objects that the user may see, then panels of floors above; each by its order."""
    (row,) = kind.prepare([obj]) if kind.prepare else (obj,)
    own = [_facts(kind, each, row, place) for place, each in enumerate(kind.facts)]
    own += related_panels(kind, obj, user=user)
    return sorted([*own, *panels.added_to(obj, user=user, now=now)], key=lambda panel: panel.order)


def panels_beside(kind: Kind, obj: Any, *, user: User, now: datetime) -> list[Panel]:
    """On a page with a template of its own, which has the facts: panels of other rooms and of related objects."""
    every = [*panels.added_to(obj, user=user, now=now), *related_panels(kind, obj, user=user)]
    return sorted(every, key=lambda panel: panel.order)


def related_panels(kind: Kind, obj: Any, *, user: User) -> list[Panel]:
    return [
        related_panel(each, obj, user=user, place=place)
        for place, each in enumerate(kind.related)
        if may_see(user, each)
    ]


def above(kind: Kind, obj: Any) -> list[tuple[str, str]]:
    """The parents of the object, for the breadcrumbs."""
    return [(str(each), own_page(each)) for each in kind.above(obj) if each is not None]


def own_page(obj: Model) -> str:
    """The page of its kind, even if links.page_url leads to a room above; "" if its kind has none for each object."""
    kind = KIND_OF[type(obj)]
    return kind.url("detail", obj) if "detail" in kind.pages else ""


def may_see(user: User, related: Related) -> bool:
    return user.has_perms(KIND_OF[related.model].permissions("view"))


def _facts(kind: Kind, facts: Facts, obj: Any, place: int) -> Panel:
    columns = {column.key: column for column in kind.table.columns}
    keys = facts.columns or [key for key in columns if key != "name"]
    items = [fact(columns[key], obj) for key in keys]
    return Panel(
        key=f"facts-{place}",
        title=str(facts.title),
        template="web/kinds/facts.html",
        context={"facts": items},
        order=100 + place,
    )


def fact(column: Column, obj: Any) -> dict[str, Any]:
    """One line of a definition list. A figure from a form is declared, not measured."""
    value = column.read(obj)
    item: dict[str, Any] = {"term": column.label, "url": read(obj, column.url) if column.url else ""}
    if column.states:
        return item | {"kind": column.states, "state": value}
    if column.unit:
        return item | _figure(column, obj, value)
    if column.numeric:
        return item | {"value": None if value is None else units.number(value)}
    return item | {"value": column.words(obj, value) or "–"}


def _figure(column: Column, obj: Any, value: Any) -> dict[str, Any]:
    if value is None:
        return {"value": None}
    figure = units.format_value(float(value), column.unit)
    if column.text is not None:
        figure = units.Formatted(column.words(obj, value), column.unit)
    source = getattr(obj, "source", "")
    item = {"value": figure.value, "unit": figure.unit}
    return item | ({"provenance": "declared", "source": source} if column.unit not in PLAIN_UNITS else {})


def related_panel(related: Related, obj: Model, *, user: User, place: int) -> Panel:
    """The first few objects that refer to `obj`, as a card; rooms above make one for a kind that they do not own."""
    kind = KIND_OF[related.model]
    rows = kind.rows().filter(related.condition(obj))
    total = rows.count()
    columns = _columns(kind, related.columns)
    first_rows = list(rows[:A_FEW]) if total else []
    if kind.prepare:
        first_rows = list(kind.prepare(first_rows))
    if first_rows and (more := added.added_to(related.model, user)) is not None:
        more.fill(first_rows)
        columns = more.joined(columns)
    query = related.query(obj)
    actions = []
    if query and total:
        actions.append({"label": "All", "url": f"{kind.url('list')}?{query}"})
    if related.fills and user.has_perm(kind.permission("add")) and may_add(kind.model):
        actions.append({"label": "Add", "url": f"{kind.url('add')}?{related.fills}={obj.pk}"})
    return Panel(
        key=f"{kind.plural}-{place}",
        title=kind.label_plural,
        sub=units.number(total),
        template="web/kinds/related.html",
        context={
            "kind": kind,
            "columns": columns,
            "rows": [_cells(columns, row) for row in first_rows],
            "more": max(0, total - A_FEW),
            "all_url": actions[0]["url"] if query and total else "",
        },
        order=200 + place,
        links=actions,
    )


def _columns(kind: Kind, keys: Sequence[str]) -> list[Column]:
    by_key = {column.key: column for column in kind.table.columns}
    return [by_key[key] for key in keys]


def _cells(columns: list[Column], row: Any) -> dict[str, Any]:
    cells = []
    for column in columns:
        value = column.read(row)
        url = read(row, column.url) if column.url else ""
        cells.append(
            {
                "column": column,
                "value": value,
                "text": column.words(row, value),
                "url": (column.phone == "title" and own_page(row)) or url,
                "tone": read(row, column.tone) if column.tone else "",
            }
        )
    return {"id": row.pk, "cells": cells}
