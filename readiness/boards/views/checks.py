"""The checks: all of them over the fleet, one over the fleet, one at one site."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import conditional_page, require_GET

from inventory.models import Site
from readiness.boards import cards, check_tables, findings, lines, owners
from readiness.boards.queries import checks as check_queries
from readiness.boards.queries.check_list import CheckList, CheckListRow, check_list
from readiness.boards.set_aside import set_aside
from readiness.boards.waivers import sentences as waiver_lines
from readiness.grants import queries as waiver_queries
from readiness.grants.operations import MAY_REQUEST
from web import answers
from web import tables as table_kit
from web.clock import now
from web.drawing import stacked
from web.links import link
from web.permissions import require
from web.units import how_many
from web.visibility import sees_names

FLIPS_SHOWN = 6
STATES_SHOWN = ("fail", "stale", "unknown", "waived", "warn", "pass", "n-a")

may_see = require("inventory.view_site", "scoring.view_checkresult")


@may_see
@conditional_page
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    at = now()
    listed = check_list(now=at)
    pillar, state = request.GET.get("pillar", ""), request.GET.get("state", "")
    shown = [row for row in listed.rows if _wanted(row, pillar, state)]
    context = {
        "list": listed,
        "groups": _groups(listed, shown),
        "pillar_links": _pillar_links(listed, pillar, state),
        "state_links": _state_links(listed, pillar, state),
        "filtered": bool(pillar or state),
        "shown": len(shown),
    }
    return answers.page(request, "readiness/checks.html", context)


@may_see
@conditional_page
@require_GET
def check(request: HttpRequest, check_id: str) -> HttpResponse:
    at = now()
    try:
        check_page = check_queries.check_page(check_id, now=at)
    except check_queries.UnknownCheck as error:
        raise Http404(f"No check {check_id}.") from error
    table = table_kit.page(request, check_tables.sites_of_check(check_id), list(check_page.rows))
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/check.html", table, {})
    context = {
        "check_page": check_page,
        "check": check_page.check,
        "table": table,
        "segments": stacked({state: check_page.counts.get(state, 0) for state in STATES_SHOWN}),
        "stake": findings.kw(
            sum(check_page.kw.get(state, 0.0) for state in ("fail", "stale", "unknown", "waived"))
        ),
        "sites_counted": how_many(len(check_page.rows), "site", "sites"),
        "flips": [lines.flip_line(flip, with_site=True) for flip in check_page.flips[:FLIPS_SHOWN]],
        "breadcrumbs": [
            {"label": "Checks", "url": reverse("checks")},
            {"label": check_page.pillar.short_name, "url": link("checks", pillar=check_page.pillar.id)},
            {"label": check_page.check.name, "url": ""},
        ],
    }
    return answers.page(request, "readiness/check.html", context)


@may_see
@conditional_page
@require_GET
def site_check(request: HttpRequest, slug: str, check_id: str) -> HttpResponse:
    at = now()
    site = get_object_or_404(Site.objects.select_related("region"), slug=slug)
    try:
        site_check = check_queries.site_check(site, check_id, now=at)
    except check_queries.UnknownCheck as error:
        raise Http404(f"No check {check_id}.") from error
    strip = cards.history_strip(site_check.strip)
    context = {
        "site": site,
        "site_check": site_check,
        "check": site_check.check,
        "result": site_check.result,
        "facts": lines.check_facts(site_check, now=at),
        "parts": lines.part_lines(site_check, slug),
        "strip": strip,
        "strip_label": cards.strip_label(strip),
        "flips": [lines.flip_line(flip) for flip in site_check.flips],
        "samples": [
            {"label": query.label, "url": link("explore", **query.params)} for query in site_check.samples
        ],
        "grants": waiver_lines.of_check(waiver_queries.of_check(site, check_id, now=at), now=at),
        "owners": owners.of_check(site, check_id, names=sees_names(request.user), now=at),
        "grants_url": link("waivers", site=slug, check=check_id),
        "set_aside": set_aside(site, site_check.result, now=at),
        "offer": waiver_lines.offer(site_check.result, slug) if request.user.has_perm(MAY_REQUEST) else None,
        "no_verdict": "" if site.has_verdict else findings.no_verdict(site.stage),
        "breadcrumbs": [
            {"label": "Fleet", "url": reverse("fleet")},
            {"label": site.name, "url": link("site", slug)},
            {"label": "Checks", "url": link("site", slug, tab="evidence")},
            {"label": site_check.check.name, "url": ""},
        ],
    }
    return answers.page(request, "readiness/site_check.html", context)


def _wanted(row: CheckListRow, pillar: str, state: str) -> bool:
    return (not pillar or row.pillar.id == pillar) and (not state or row.counts.get(state, 0) > 0)


def _groups(listed: CheckList, shown: Sequence[CheckListRow]) -> list[dict[str, Any]]:
    return [
        {"pillar": pillar, "rows": [lines.check_list_line(row) for row in rows]}
        for pillar in listed.pillars
        if (rows := [row for row in shown if row.pillar.id == pillar.id])
    ]


def _pillar_links(listed: CheckList, pillar: str, state: str) -> list[dict[str, Any]]:
    kept = {"state": state} if state else {}
    every = [{"label": "All pillars", "url": link("checks", **kept), "current": not pillar}]
    return every + [
        {
            "label": each.short_name,
            "url": link("checks", pillar=each.id, **kept),
            "current": each.id == pillar,
        }
        for each in listed.pillars
    ]


def _state_links(listed: CheckList, pillar: str, state: str) -> list[dict[str, Any]]:
    """One chip a state that occurs; the one chosen takes its filter away again."""
    kept = {"pillar": pillar} if pillar else {}
    totals = _totals(listed.rows)
    return [
        {
            "state": each,
            "count": totals[each],
            "current": each == state,
            "url": link("checks", **kept) if each == state else link("checks", state=each, **kept),
        }
        for each in STATES_SHOWN
        if totals.get(each) or each == state
    ]


def _totals(rows: Iterable[CheckListRow]) -> dict[str, int]:
    totals = dict.fromkeys(STATES_SHOWN, 0)
    for row in rows:
        for state, count in row.counts.items():
            totals[state] += count
    return totals
