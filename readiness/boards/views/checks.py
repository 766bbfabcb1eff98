"""The checks: all of them over the fleet, one over the fleet, one at one site."""

from collections import Counter
from typing import Any

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from inventory.models import Site
from readiness.boards import check_tables, findings, owners, sentences
from readiness.boards.flips import FlipLine
from readiness.boards.part_links import limit_form, proof_link
from readiness.boards.queries import checks as check_queries
from readiness.boards.queries.check_list import CheckList, CheckListRow, check_list
from readiness.boards.queries.checks import SiteCheck
from readiness.boards.set_aside import set_aside
from readiness.boards.waivers import sentences as waiver_lines
from readiness.grants import queries as waiver_queries
from readiness.grants.operations import MAY_REQUEST
from web import tables as table_kit
from web.clock import now
from web.drawing import stacked
from web.links import link
from web.reports import Report, choices, trail
from web.tables import TablePage
from web.visibility import sees_names

FLIPS_SHOWN = 6
STATES_SHOWN = ("fail", "stale", "unknown", "waived", "warn", "pass", "n-a")
AT_STAKE = ("fail", "stale", "unknown", "waived")
MAY_SEE = ("inventory.view_site", "scoring.view_checkresult")
CHECKS = Report("readiness/checks.html", *MAY_SEE)
CHECK = Report("readiness/check.html", *MAY_SEE)
SITE_CHECK = Report("readiness/site_check.html", *MAY_SEE)


@CHECKS.page
def overview(request: HttpRequest) -> tuple[None, Any]:
    listed = check_list(now=now())
    pillar, state = request.GET.get("pillar", ""), request.GET.get("state", "")
    shown = [row for row in listed.rows if _wanted(row, pillar, state)]
    kept = {"state": state} if state else {}
    groups = [(each, [row for row in shown if row.pillar.id == each.id]) for each in listed.pillars]
    return None, lambda: {
        "list": listed,
        "groups": [(each, rows) for each, rows in groups if rows],
        "pillar_links": choices(
            [("", "All pillars"), *((each.id, each.short_name) for each in listed.pillars)],
            pillar,
            lambda value: link("checks", **({"pillar": value} if value else {}), **kept),
        ),
        "state_links": _state_links(listed, pillar, state),
    }


@CHECK.page
def check(request: HttpRequest, check_id: str) -> tuple[TablePage, Any]:
    try:
        check_page = check_queries.check_page(check_id, now=now())
    except check_queries.UnknownCheck as error:
        raise Http404(f"No check {check_id}.") from error
    pillar = check_page.pillar
    return table_kit.page(request, check_tables.sites_of_check(check_id), list(check_page.rows)), lambda: {
        "check_page": check_page,
        "check": check_page.check,
        "segments": stacked({state: check_page.counts.get(state, 0) for state in STATES_SHOWN}),
        "stake": sum(check_page.kw.get(state, 0.0) for state in AT_STAKE),
        "flips": [FlipLine(flip, with_site=True) for flip in check_page.flips[:FLIPS_SHOWN]],
        "breadcrumbs": trail(
            ("Checks", link("checks")),
            (pillar.short_name, link("checks", pillar=pillar.id)),
            check_page.check.name,
        ),
    }


@SITE_CHECK.page
def site_check(request: HttpRequest, slug: str, check_id: str) -> tuple[None, Any]:
    at = now()
    site = get_object_or_404(Site.objects.select_related("region"), slug=slug)
    try:
        site_check = check_queries.site_check(site, check_id, now=at)
    except check_queries.UnknownCheck as error:
        raise Http404(f"No check {check_id}.") from error
    grants = waiver_queries.of_check(site, check_id, now=at)
    may_request = request.user.has_perm(MAY_REQUEST)
    return None, lambda: {
        "site": site,
        "site_check": site_check,
        "check": site_check.check,
        "result": site_check.result,
        "parts": _parts(site_check, slug),
        "strip": sentences.strip_cells(site_check.strip),
        "strip_label": sentences.strip_label(site_check.strip),
        "flips": [FlipLine(flip) for flip in site_check.flips],
        "samples": [
            {"label": query.label, "url": link("explore", **query.params)} for query in site_check.samples
        ],
        "grants": waiver_lines.of_check(grants, now=at),
        "owners": owners.of_check(site, check_id, names=sees_names(request.user), now=at),
        "grants_url": link("waivers", site=slug, check=check_id),
        "set_aside": set_aside(site, site_check.result, now=at),
        "offer": waiver_lines.offer(site_check.result, slug) if may_request else None,
        "no_verdict": "" if site.has_verdict else findings.no_verdict(site.stage),
        "breadcrumbs": trail(
            ("Fleet", link("fleet")),
            (site.name, link("site", slug)),
            ("Checks", link("site", slug, tab="evidence")),
            site_check.check.name,
        ),
    }


def _parts(site_check: SiteCheck, slug: str) -> list[tuple[Any, ...]]:
    """Each sub-measure: its rule, as judged where it was, what proves it, and the forms for a limit that it lacks."""
    return [
        (
            rule,
            part,
            proof_link(part.evidence) if part else None,
            *limit_form(part, rule.limit_declared_on, slug),
        )
        for rule, part in site_check.parts
    ]


def _wanted(row: CheckListRow, pillar: str, state: str) -> bool:
    return (not pillar or row.pillar.id == pillar) and (not state or row.counts.get(state, 0) > 0)


def _state_links(listed: CheckList, pillar: str, state: str) -> list[dict[str, Any]]:
    """One chip a state that occurs; the one chosen takes its filter away again."""
    kept = {"pillar": pillar} if pillar else {}
    totals: Counter[str] = sum((Counter(row.counts) for row in listed.rows), Counter())
    return [
        {
            "state": each,
            "count": totals[each],
            "current": each == state,
            "url": link("checks", **({} if each == state else {"state": each}), **kept),
        }
        for each in STATES_SHOWN
        if totals[each] or each == state
    ]
