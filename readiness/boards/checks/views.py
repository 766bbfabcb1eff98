"""Pages of checks: all checks, one check over the fleet, and one check at a site with its proof."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from inventory.models import Site
from readiness.assessment.evidence.confirmations import awaited_at
from readiness.assessment.evidence.core.limits import OF_PLATFORM
from readiness.assessment.grants import queries as waiver_queries
from readiness.assessment.grants.operations import MAY_REQUEST
from readiness.assessment.scoring.checks import FROM_OWNERSHIP
from readiness.assessment.scoring.core.states import ReasonCode
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.queries.rows import PartRow
from readiness.boards.checks import charts, over_time, sentences, tables
from readiness.boards.checks import queries as check_queries
from readiness.boards.checks import trend as trends
from readiness.boards.checks.answering import cells_of
from readiness.boards.checks.detail import bullet, site_check_detail
from readiness.boards.checks.over_time import MOST_OWNERS, owners_of_open
from readiness.boards.checks.proof import proof_link
from readiness.boards.checks.queries import CheckList, SiteCheck, check_list, deciding_part, set_aside
from readiness.boards.health.sentences import FlipLine
from readiness.boards.params import check_named
from readiness.boards.waivers import sentences as waiver_lines
from readiness.organisation.ownership.queries import UNOWNED, SiteCells
from readiness.organisation.ownership.tables import cell_label, item_label, presence_words
from telemetry.links import explore_url
from web import tables as table_kit
from web.charts import Figure, nothing
from web.clock import now
from web.drawing import stacked
from web.links import crumbs, link
from web.reports import Report, chart_urls, choices
from web.tables import TablePage
from web.timerange import BadParameter
from web.visibility import sees_names

LACKS_LIMIT = frozenset({ReasonCode.NO_LIMIT.value, ReasonCode.CANNOT_JUDGE.value})


def limit_form(part: PartRow | None, declared_on: str, site_slug: str) -> dict[str, str]:
    """The address of the form for the limit that the part lacks."""
    if part is None or not part.limit_id or part.limit_source or part.code not in LACKS_LIMIT:
        return {}
    if declared_on == OF_PLATFORM:
        return {"floor_url": link("floor-add")}
    return {"declare_url": link("declared-limit-add", site=site_slug, limit=part.limit_id)}


def ownership_cells(site: Site, cells: SiteCells, *, names: bool, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "item": item_label(item),
            "standing": cell.standing.value,
            "who": cell.current_or_coming.answers if cell.current_or_coming and names else "",
            "presence": presence_words(cell.current_or_coming, names=names),
            "team": cell.current_or_coming.team if cell.current_or_coming else "",
            "label": cell_label(site.name, cell, names=names, now=now),
            "until": cell.current.due_at if cell.current else None,
            "url": link("ownership", cell=f"{site.slug}.{item}"),
        }
        for item, cell in cells.items()
    ]


FLIPS_SHOWN = 6
TREND = "trend"
SEES_OWNERS = "ownership.view_assignment"
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
    matching = [
        row for row in listed.rows if pillar in ("", row.pillar.id) and (not state or row.counts.get(state))
    ]
    state_query = {"state": state} if state else {}
    groups = [(each, [row for row in matching if row.pillar.id == each.id]) for each in listed.pillars]
    return None, lambda: {
        "list": listed,
        "groups": [(each, rows) for each, rows in groups if rows],
        "pillar_links": choices(
            [("", "All pillars"), *((each.id, each.short_name) for each in listed.pillars)],
            pillar,
            lambda value: link("checks", **({"pillar": value} if value else {}), **state_query),
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
    owners = owners_of_open(check_page.rows)
    return table_kit.page(request, tables.sites_of_check(check_id), list(check_page.rows)), lambda: {
        "check_page": check_page,
        "check": check_page.check,
        "open_sites": sum(check_page.counts.get(state, 0) for state in AT_STAKE),
        "owners": owners[:MOST_OWNERS],
        "owners_more": max(len(owners) - MOST_OWNERS, 0),
        "trend": chart_urls("check-trend-chart", check_id),
        "segments": stacked({state: check_page.counts.get(state, 0) for state in STATES_SHOWN}),
        "stake": sum(check_page.kw.get(state, 0.0) for state in AT_STAKE),
        "flips": [FlipLine(*row, with_site=True) for row in check_page.flips[:FLIPS_SHOWN]],
        "breadcrumbs": crumbs(
            check_page.check.name, ("Checks", "checks"), (pillar.short_name, link("checks", pillar=pillar.id))
        ),
    }


@CHECK.chart
def weeks_chart(request: HttpRequest, check_id: str) -> Figure:
    check_named(check_id)
    results = CheckResult.objects.filter(check_id=check_id).exclude(site__stage=Site.Stage.RETIRED)
    present = dict(results.order_by("site").values_list("site", "state"))
    return charts.weeks_chart(over_time.weeks(check_id, present, now=now()))


def _site_check(slug: str, check_id: str, at: datetime) -> tuple[Site, SiteCheck]:
    site = get_object_or_404(Site.objects.select_related("region", "score"), slug=slug)
    try:
        return site, check_queries.site_check(site, check_id, now=at)
    except check_queries.UnknownCheck as error:
        raise Http404(f"No check {check_id}.") from error


@SITE_CHECK.page
def site_check(request: HttpRequest, slug: str, check_id: str) -> tuple[None, Any]:
    at = now()
    site, site_check = _site_check(slug, check_id, at)
    span = _span(request)
    grants = waiver_queries.grants_of_check(site, check_id, now=at)
    may_see, names = request.user.has_perm(SEES_OWNERS), sees_names(request.user)
    cells = cells_of(site, now=at) if may_see else UNOWNED
    owners = ownership_cells(site, cells, names=names, now=at) if check_id in FROM_OWNERSHIP else []
    may_request = request.user.has_perm(MAY_REQUEST)
    detail = site_check_detail(site, site_check, cells, user=request.user, back=request.path, now=at)
    part = detail.deciding
    return None, lambda: {
        "site": site,
        "detail": detail,
        "limit_words": sentences.limit_words(part.threshold_text) if part else "",
        "margin_words": sentences.margin_words(part.margin, part.unit, part.threshold_text) if part else "",
        "summary": sentences.parts_summary(part.state for _, part in site_check.parts if part),
        "trend": _trend_card(site_check, slug, span),
        "now": at,
        "site_check": site_check,
        "check": site_check.check,
        "result": site_check.result,
        "parts": _parts(site_check, site, at),
        "strip": sentences.strip_cells(site_check.strip),
        "strip_label": sentences.strip_label(site_check.strip),
        "flips": [FlipLine(*row) for row in site_check.flips],
        "samples": [{"label": query.label, "url": explore_url(query.params)} for query in site_check.samples],
        "grants": grants,
        "owners": owners,
        "grants_url": link("waivers", site=slug, check=check_id),
        "set_aside": set_aside(site, site_check.result, now=at),
        "offer": waiver_lines.offer(site_check.result, slug) if may_request else None,
        "no_verdict": "" if site.has_verdict else sentences.no_verdict(site.stage),
        "breadcrumbs": crumbs(
            site_check.check.name,
            *(("Sites", "sites"), (site.name, link("site", slug))),
            ("Checks", link("site", slug, tab="evidence")),
        ),
    }


@SITE_CHECK.chart
def trend_chart(request: HttpRequest, slug: str, check_id: str) -> Figure:
    at = now()
    site, site_check = _site_check(slug, check_id, at)
    part = deciding_part(site_check.result) if site_check.result else None
    if part is None:
        return nothing("No sub-measure of this check was judged yet.")
    direction = site_check.check.part(part.id).direction
    return charts.trend_chart(trends.trend(site, check_id, part, direction, _span(request), now=at))


def _span(request: HttpRequest) -> str:
    span = request.GET.get(TREND, trends.USUAL)
    if span not in trends.SPANS:
        raise BadParameter(TREND, f"is one of {', '.join(trends.SPANS)}")
    return span


def _trend_card(site_check: SiteCheck, slug: str, span: str) -> dict[str, Any]:
    check_id = site_check.check.id
    drawn = {
        name: chart_urls("site-check-trend-chart", slug, check_id, **{TREND: name}) for name in trends.SPANS
    }
    options = [(name, trends.WORDS[name]) for name in trends.SPANS]
    views = choices(options, span, lambda name: link("site-check", slug, check_id, **{TREND: name}))
    return drawn[span] | {
        "views": [
            view | {"chart_url": drawn[name]["url"]} for name, view in zip(trends.SPANS, views, strict=True)
        ]
    }


def _parts(site_check: SiteCheck, site: Site, at: datetime) -> list[dict[str, Any]]:
    waits = any(part and part.code == ReasonCode.UNCONFIRMED for _, part in site_check.parts)
    awaited = {
        f"attestation:{each.pk}": {"waits_for": sentences.waits_for(each)}
        for each in (awaited_at(site.pk, now=at) if waits else ())
    }
    return [
        {
            "rule": rule,
            "part": part,
            "proof": (proof_link(part.evidence) or {}) | awaited.get(part.evidence, {}) if part else None,
            "limit": sentences.limit_words((part.threshold_text if part else "") or rule.pass_text),
            "margin": sentences.margin_words(part.margin, part.unit, part.threshold_text) if part else "",
            "bullet": bullet(part.value, part.threshold, part.margin) if part else None,
            **limit_form(part, rule.limit_declared_on, site.slug),
        }
        for rule, part in site_check.parts
    ]


def _state_links(listed: CheckList, pillar: str, state: str) -> list[dict[str, Any]]:
    pillar_query = {"pillar": pillar} if pillar else {}
    totals: Counter[str] = sum((Counter(row.counts) for row in listed.rows), Counter())
    return [
        {
            "state": each,
            "count": totals[each],
            "current": each == state,
            "url": link("checks", **({} if each == state else {"state": each}), **pillar_query),
        }
        for each in STATES_SHOWN
        if totals[each] or each == state
    ]
