"""The fleet: how much is deployed, how much of it may carry load, and what holds the rest back."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import conditional_page, require_GET

from readiness.boards import cards, findings, sites_map, tables
from readiness.boards.gap import charts as gap_charts
from readiness.boards.queries import attention, fleet
from readiness.boards.queries import sites as site_queries
from readiness.scoring.queries import capacity
from readiness.scoring.queries.standing import FleetStanding, standing
from web import answers
from web import tables as table_kit
from web.clock import now
from web.links import link
from web.permissions import require
from web.timerange import TimeRange
from web.units import how_many, instant, power

SHOWN_IN_ATTENTION = 5
TREND, BY_SITE = "trend", "site"
DEFAULT_RANGE = "now-365d"

may_see = require("inventory.view_site", "scoring.view_sitescore")


@may_see
@conditional_page
@require_GET
def overview(request: HttpRequest) -> HttpResponseBase:
    at = now()
    page = _sites_page(request, at)
    if table_kit.wants_table_only(request, page):
        return table_kit.respond(request, "readiness/fleet.html", page, {})
    known = standing(now=at, marked=True)
    span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
    figures = fleet.fleet(now=at, known=known)
    context: dict[str, Any] = {"fleet": figures, "table": page, "time_range": span.context}
    if figures.sites:
        domains = fleet.domain_cards(now=at)
        context |= _figures(figures, at) | _gap_card(request, span) | _rest(at, known, domains)
        context |= sites_map.card(
            known, regions=request.GET.getlist("region"), unknown=_unknown_domains(domains)
        )
    return answers.page(request, "readiness/fleet.html", context)


@may_see
@conditional_page
@require_GET
def sites(request: HttpRequest) -> HttpResponseBase:
    at = now()
    page = _sites_page(request, at)
    if table_kit.wants_table_only(request, page):
        return table_kit.respond(request, "readiness/sites.html", page, {})
    known = standing(now=at)
    context = {
        "table": page,
        "standing": findings.standing(known.gap, known.verdicts) if known.sites else "",
    }
    return answers.page(request, "readiness/sites.html", context)


@may_see
@conditional_page
@require_GET
def gap_chart(request: HttpRequest, form: str) -> HttpResponse:
    at = now()
    span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
    history = capacity.capacity_over_time(start=span.start, end=span.end, now=at)
    return answers.chart(gap_charts.gap_over_time(history, now=at), form)


@may_see
@conditional_page
@require_GET
def gap_by_site_chart(request: HttpRequest, form: str) -> HttpResponse:
    return answers.chart(gap_charts.gap_by_site(capacity.by_site(now=now())), form)


def _sites_page(request: HttpRequest, at: datetime) -> Any:
    return table_kit.page(
        request,
        tables.SITES,
        site_queries.table(now=at),
        prepare=lambda page: tables.site_lines(page, now=at),
    )


def _figures(figures: fleet.Fleet, at: datetime) -> dict[str, Any]:
    return {
        "scope": _scope(figures),
        "kpis": cards.key_figures(figures),
        "gap_figure": power(figures.now.gap.it_kw),
        "standing": findings.standing(figures.now, figures.verdicts),
        "on_declarations": findings.on_declarations(
            figures.declared.capped, figures.declared.measurable, sites=figures.declared.sites
        ),
        "pace": findings.pace(figures.outlook.pace, figures.now),
        # There before the chart is, so that nothing below it moves when it comes.
        "gap_footer": findings.ahead(figures.outlook),
    }


def _scope(figures: fleet.Fleet) -> str:
    counted = how_many(figures.sites, "site", "sites")
    if figures.newest_sample_at is None:
        return f"{counted} · no sample yet"
    return f"{counted} · newest sample {instant(figures.newest_sample_at)}"


def _gap_card(request: HttpRequest, span: TimeRange) -> dict[str, Any]:
    """The chart in one of its two views; the address names the view."""
    view = BY_SITE if request.GET.get("view") == BY_SITE else TREND
    names = {TREND: "fleet-gap-chart", BY_SITE: "fleet-gap-by-site-chart"}
    labels = {TREND: "Trend", BY_SITE: "By site"}
    urls = {each: link(name, "json", **span.query) for each, name in names.items()}
    return {
        "gap_title": "Readiness gap",
        "gap_url": urls[view],
        "gap_csv": link(names[view], "csv", **span.query),
        "gap_views": [
            {
                "label": labels[each],
                "url": link("fleet", view=each, **span.query),
                "chart_url": urls[each],
                "current": each == view,
            }
            for each in names
        ],
        "gap_legend": [
            {"label": "Deployed", "role": "deployed", "shape": "line"},
            {"label": "Ready", "role": "ready", "shape": "line"},
            {"label": "Conditional", "role": "conditional", "shape": "area"},
            {"label": "Not ready", "role": "gap", "shape": "hatch"},
            {"label": "Projected", "role": "deployed", "shape": "dash"},
        ],
    }


def _unknown_domains(domains: Iterable[fleet.DomainCard]) -> dict[int, list[str]]:
    """The domains whose health is unknown, by site id."""
    unknown: dict[int, list[str]] = defaultdict(list)
    for domain in domains:
        for site_id in domain.unknown_at:
            unknown[site_id].append(domain.domain)
    return unknown


def _rest(at: datetime, known: FleetStanding, domains: Iterable[fleet.DomainCard]) -> dict[str, Any]:
    held = capacity.holds_back(now=at, known=known)
    wanting = attention.attention(now=at, known=known)
    return {
        "held": held,
        "blockers": cards.blockers(held),
        "unevaluated": findings.kw(held.unevaluated.it_kw),
        "conditional": findings.kw(held.conditional.it_kw),
        "domains": [cards.domain_card(card, now=at) for card in domains],
        "attention": cards.attention_list(wanting[:SHOWN_IN_ATTENTION], now=at),
        "attention_total": len(wanting),
        "attention_empty": "Every check is met, every source is on time, and every site has an owner.",
    }
