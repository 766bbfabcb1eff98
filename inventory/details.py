"""The page of one object, made of what its kind declares."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.urls import reverse

from accounts.models import User
from inventory import panels, tables
from inventory.attributes import described
from inventory.kinds import KIND_OF, Facts, Kind, Related
from inventory.models import DeviceType
from inventory.panels import Panel
from web import units, words
from web.tables import Column
from web.tables.columns import read

# Related objects listed on the page; the rest is one link away.
A_FEW = 8
# A place in a rack or on the map is where it is; nobody asks whether it was measured.
PLAIN_UNITS = {"U", "°"}


def panels_of(kind: Kind, obj: Any, *, user: User, now: datetime) -> list[Panel]:
    """Facts first, then what refers to it and the user may see, then what floors above add; each by its order."""
    own = [_facts(kind, each, obj, place) for place, each in enumerate(kind.facts)]
    if isinstance(obj, DeviceType):
        own.append(_attributes(obj))
    own += [_related(each, obj, user, place) for place, each in enumerate(kind.related) if _may(user, each)]
    return sorted([*own, *panels.added_to(obj, user=user, now=now)], key=lambda panel: panel.order)


def breadcrumbs(kind: Kind, obj: Any) -> list[dict[str, str]]:
    above = [each for each in kind.above(obj) if each is not None]
    return [
        {"label": "Inventory", "url": reverse("inventory")},
        {"label": kind.label_plural, "url": kind.url("list")},
        *({"label": str(each), "url": tables.own_page(each)} for each in above),
        {"label": str(obj), "url": ""},
    ]


def _may(user: User, related: Related) -> bool:
    return user.has_perm(KIND_OF[related.model].permission("view"))


def _facts(kind: Kind, facts: Facts, obj: Any, place: int) -> Panel:
    columns = {column.key: column for column in kind.table.columns}
    keys = facts.columns or [key for key in columns if key != "name"]
    items = [fact(columns[key], obj) for key in keys]
    return Panel(
        key=f"facts-{place}",
        title=str(facts.title),
        template="inventory/facts.html",
        context={"facts": items},
        order=100 + place,
    )


def fact(column: Column, obj: Any) -> dict[str, Any]:
    """One line of a definition list. What the inventory says of a figure is declared, not measured."""
    value = column.read(obj)
    item: dict[str, Any] = {"term": column.label, "url": read(obj, column.url) if column.url else ""}
    if column.key == "stage":
        return item | {"kind": "lifecycle", "state": value}
    if column.unit:
        return item | _figure(column, obj, value)
    if column.numeric:
        return item | {"value": None if value is None else units.number(value)}
    return item | {"value": column.words(obj, value) or "–"}


def _figure(column: Column, obj: Any, value: Any) -> dict[str, Any]:
    if value is None:
        return {"value": None}
    shown = units.format_value(float(value), column.unit)
    if column.text is not None:
        shown = units.Formatted(column.words(obj, value), column.unit)
    source = getattr(obj, "source", "")
    item = {"value": shown.value, "unit": shown.unit}
    return item | ({"provenance": "declared", "source": source} if column.unit not in PLAIN_UNITS else {})


def _attributes(device_type: DeviceType) -> Panel:
    items = []
    for each in described(device_type.kind, device_type.attributes):
        item = {"term": each.attribute.label, "value": words.in_words(each.value)}
        if each.attribute.unit:
            item |= {
                "unit": each.attribute.unit,
                "provenance": "declared",
                "source": device_type.source,
            }
        items.append(item)
    return Panel(
        key="attributes",
        title="Attributes",
        template="inventory/attributes.html",
        context={"facts": items},
        order=150,
    )


def _related(related: Related, obj: Model, user: User, place: int) -> Panel:
    kind = KIND_OF[related.model]
    rows = tables.rows_of(related.model).filter(related.condition(obj))
    total = rows.count()
    columns = _columns(kind, related.columns)
    query = related.query(obj)
    actions = []
    if query and total:
        actions.append({"label": "All", "url": f"{kind.url('list')}?{query}"})
    if related.fills and user.has_perm(kind.permission("add")):
        actions.append({"label": "Add", "url": f"{kind.url('add')}?{related.fills}={obj.pk}"})
    return Panel(
        key=f"{kind.plural}-{place}",
        title=kind.label_plural,
        sub=units.number(total),
        template="inventory/related.html",
        context={
            "kind": kind,
            "columns": columns,
            "rows": [_cells(columns, row) for row in rows[:A_FEW]] if total else [],
            "more": max(0, total - A_FEW),
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
                "url": tables.own_page(row) if column.phone == "title" else url,
                "tone": read(row, column.tone) if column.tone else "",
            }
        )
    return {"id": row.pk, "cells": cells}
