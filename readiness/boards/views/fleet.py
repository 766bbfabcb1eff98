"""The fleet: how much is deployed, how much of it may carry load, and what holds the rest back."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from readiness.boards import cards, findings, sites_map, tables
from readiness.boards.gap import charts as gap_charts
from readiness.boards.queries import attention, fleet
from readiness.boards.queries import sites as site_queries
from readiness.framework import queries as framework_queries
from readiness.framework.core.definition import Framework
from readiness.scoring.queries import capacity
from readiness.scoring.queries.standing import FleetStanding, standing
from web import answers
from web import tables as table_kit
from web.charts import Figure
from web.clock import now
from web.links import link
from web.reports import Report, chart_urls, choices
from web.tables import TablePage
from web.timerange import TimeRange
from web.units import power

SHOWN_IN_ATTENTION = 5
TREND, BY_SITE = "trend", "site"
DEFAULT_RANGE = "now-365d"

MAY_SEE = ("inventory.view_site", "scoring.view_sitescore")
FLEET = Report("readiness/fleet.html", *MAY_SEE)
SITES = Report("readiness/sites.html", *MAY_SEE)


@FLEET.page
def overview(request: HttpRequest) -> tuple[TablePage, Any]:
    at, framework = now(), framework_queries.current()[1]
    page = _sites_page(request, framework, at)

    def context() -> dict[str, Any]:
        known = standing(now=at, marked=True, framework=framework)
        span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
        figures = fleet.fleet(now=at, known=known)
        around = {"fleet": figures, "time_range": span.context}
        if not figures.sites:
            return around
        domains = fleet.domain_cards(now=at)
        regions = request.GET.getlist("region")
        return {
            **around,
            **_figures(figures),
            **_gap_card(request, span),
            **_rest(at, known, domains),
            **sites_map.card(known, regions=regions, unknown=_unknown_domains(domains)),
        }

    return page, context


@SITES.page
def sites(request: HttpRequest) -> tuple[TablePage, Any]:
    at, framework = now(), framework_queries.current()[1]

    def context() -> dict[str, Any]:
        known = standing(now=at, framework=framework)
        return {"standing": findings.standing(known.gap, known.verdicts) if known.sites else ""}

    return _sites_page(request, framework, at), context


@FLEET.chart
def gap_chart(request: HttpRequest) -> Figure:
    at = now()
    span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
    return gap_charts.gap_over_time(
        capacity.capacity_over_time(start=span.start, end=span.end, now=at), now=at
    )


@FLEET.chart
def gap_by_site_chart(request: HttpRequest) -> Figure:
    return gap_charts.gap_by_site(capacity.by_site(now=now()))


def _sites_page(request: HttpRequest, framework: Framework, at: datetime) -> TablePage:
    return table_kit.page(
        request,
        tables.SITES,
        site_queries.table(now=at),
        prepare=lambda page: tables.site_lines(page, now=at, framework=framework),
    )


def _figures(figures: fleet.Fleet) -> dict[str, Any]:
    declared = figures.declared
    return {
        "figures": cards.key_figures(figures),
        "gap_figure": power(figures.now.gap.it_kw),
        "standing": findings.standing(figures.now, figures.verdicts),
        "on_declarations": findings.on_declarations(
            declared.capped, declared.measurable, sites=declared.sites
        ),
        "pace": findings.pace(figures.outlook.pace, figures.now),
        # There before the chart is, so that nothing below it moves when it comes.
        "gap_footer": findings.ahead(figures.outlook),
    }


def _gap_card(request: HttpRequest, span: TimeRange) -> dict[str, Any]:
    view = BY_SITE if request.GET.get("view") == BY_SITE else TREND
    charts = {
        TREND: chart_urls("fleet-gap-chart", **span.query),
        BY_SITE: chart_urls("fleet-gap-by-site-chart", **span.query),
    }
    views = choices(
        [(TREND, "Trend"), (BY_SITE, "By site")], view, lambda name: link("fleet", view=name, **span.query)
    )
    return {
        "gap": charts[view],
        "gap_views": [
            each | {"chart_url": chart["url"]} for each, chart in zip(views, charts.values(), strict=True)
        ],
    }


def _unknown_domains(domains: Iterable[fleet.DomainCard]) -> dict[int, list[str]]:
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
        "domains": [cards.domain_card(card) for card in domains],
        "attention": cards.attention_list(wanting[:SHOWN_IN_ATTENTION]),
        "attention_total": len(wanting),
        "attention_empty": "Every check is met, every source is on time, and every site has an owner.",
    }
