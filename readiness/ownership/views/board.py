"""The board with one cell beside it, the queues, and the load of each owner."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from inventory.models import Site
from readiness.ownership import cells, gaps, operations, tables
from readiness.ownership.core.standing import Item
from readiness.ownership.views import SEE, SEE_OWNERS, breadcrumbs
from web import answers
from web import tables as table_kit
from web.clock import now
from web.permissions import require
from web.reports import Report
from web.tables import TablePage
from web.tables.addresses import Address
from web.visibility import sees_names

CELL, ITEM = "cell", "item"
EVIDENCE_REGION = "evidence"
TEMPLATE = "ownership/board.html"
QUEUES = Report("ownership/queues.html", *SEE)
OWNERS = Report("ownership/owners.html", *SEE_OWNERS)


@require(*SEE)
@never_cache
@require_GET
def board(request: HttpRequest) -> HttpResponseBase:
    at = now()
    names = sees_names(request.user)
    address = Address(request, path=request.path, filters=[])
    target = request.headers.get("HX-Target", "").partition("#")[2]
    if target == EVIDENCE_REGION:
        return _fragment(request, f"{TEMPLATE}#evidence", _panel(request, address, at))
    fleet = gaps.fleet(now=at)
    counts = fleet.counts()
    items = [item for item in Item if item.value in address.many(ITEM)] or list(Item)
    table = table_kit.page(request, tables.board_table(fleet, items, names=names), fleet.sites)
    if table.export:
        return table_kit.respond(request, TEMPLATE, table)
    context: dict[str, Any] = {
        "table": table,
        "items": cells.headings(table, items, counts),
        "rows": cells.rows(table, items, chosen=address.one(CELL), names=names, now=at),
        "legend": cells.legend(counts),
        "cell_fields": [(name, value) for name, value in address.pairs if name != CELL],
    }
    if table_kit.wants_table_only(request, table):
        return _fragment(request, f"{TEMPLATE}#matrix", context)
    context |= {
        "counts": counts,
        "sees_names": names,
        "may_propose": names and request.user.has_perm(operations.MAY_PROPOSE),
        "breadcrumbs": breadcrumbs(),
    }
    return answers.page(request, TEMPLATE, context | _panel(request, address, at))


@QUEUES.page
def queues(request: HttpRequest) -> tuple[TablePage, Any]:
    at, names = now(), sees_names(request.user)
    fleet = gaps.fleet(now=at)
    offered = tables.actions() if names and request.user.has_perm(operations.MAY_PROPOSE) else ()
    definition = tables.queue_table(fleet, names=names, now=at)
    return table_kit.page(request, definition, fleet.gaps(), actions=offered), lambda: {
        "counts": fleet.counts(),
        "breadcrumbs": breadcrumbs("Queues"),
    }


@OWNERS.page
def owners(request: HttpRequest) -> tuple[TablePage, Any]:
    table = table_kit.page(request, tables.OWNERS, gaps.fleet(now=now()).loads)
    return table, lambda: {"most": operations.MOST_ITEMS, "breadcrumbs": breadcrumbs("Owners")}


def _panel(request: HttpRequest, address: Address, at: datetime) -> dict[str, Any]:
    asked = address.one(CELL)
    if not asked:
        return {"evidence": None}
    names = sees_names(request.user)
    may_propose = names and request.user.has_perm(operations.MAY_PROPOSE)
    try:
        slug, item = cells.read(asked)
        site = get_object_or_404(Site, slug=slug)
        evidence = cells.panel(site.pk, item, may_propose=may_propose, now=at)
    except cells.NoSuchCell as error:
        raise Http404(f"cell: {error} names no site and item, as in dublin-1.compute.") from error
    return {"evidence": evidence, "now": at, "sees_names": names, "close_url": address.url(without=[CELL])}


def _fragment(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponseBase:
    response = render(request, name, context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response
