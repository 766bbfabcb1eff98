"""The fleet page: deployed capacity, the ready part of it, and what holds the rest back."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.figures import provenance_of_all
from readiness.assessment.scoring.gap.queries import capability
from readiness.assessment.scoring.queries import capacity
from readiness.assessment.scoring.queries.capacity import HoldsBack
from readiness.assessment.scoring.queries.standing import FleetStanding, fleet_standing
from readiness.boards.checks import sentences as checks_sentences
from readiness.boards.fleet import queries as fleet_queries
from readiness.boards.fleet import sites_map
from readiness.boards.fleet.queries import DomainCard, Fleet
from readiness.boards.gap import charts as gap_charts
from readiness.boards.gap import sentences as gap_sentences
from readiness.boards.problems import queries as problem_queries
from readiness.boards.road.figures import strip_of
from readiness.boards.sites import tables as sites_tables
from readiness.boards.sites.views import MAY_SEE, sites_page
from web import answers
from web import tables as table_kit
from web.charts import Figure
from web.clock import now
from web.drawing import bar_width, spark_path
from web.links import link
from web.reports import Report, chart_urls, choices
from web.tables import TablePage
from web.timerange import TimeRange
from web.units import how_many, power

SHOWN_IN_ATTENTION = 5
TREND, BY_SITE = "trend", "site"
DEFAULT_RANGE = "now-365d"
FLEET = Report("readiness/fleet.html", *MAY_SEE)


@FLEET.page
def overview(request: HttpRequest) -> tuple[TablePage, Any]:
    at, framework = now(), framework_queries.current()[1]
    if table_kit.wants_table_only(request, sites_tables.SITES_ON_FLEET):
        return sites_page(request, framework, at, table=sites_tables.SITES_ON_FLEET), dict
    standing_now = fleet_standing(now=at, framework=framework)

    def context() -> dict[str, Any]:
        span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
        figures = fleet_queries.fleet(standing_now)
        around = {"fleet": figures, "time_range": span.context}
        if not figures.sites:
            return around
        domains = fleet_queries.domain_cards(now=at)
        regions = request.GET.getlist("region")
        return {
            **around,
            **_figures(figures),
            **_gap_card(request, span),
            "road": strip_of(standing_now),
            "capability": gap_sentences.staff_growth_gap(capability(standing_now)),
            **_rest(at, standing_now, domains),
            **sites_map.card(standing_now, regions=regions, unknown=_unknown_domains(domains)),
        }

    return sites_page(request, framework, at, standing_now, sites_tables.SITES_ON_FLEET), context


@FLEET.chart
def gap_chart(request: HttpRequest) -> Figure:
    at = now()
    span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
    return gap_charts.gap_over_time(
        capacity.capacity_over_time(start=span.start, end=span.end, now=at), now=at
    )


@FLEET.chart
def gap_by_site_chart(request: HttpRequest) -> Figure:
    return gap_charts.gap_by_site(capacity.site_rows(now=now()))


def _figures(figures: Fleet) -> dict[str, Any]:
    judged = sum(sites for verdict, sites in figures.verdicts.items() if verdict != "none")
    return {
        "judged": judged,
        "unjudged": figures.sites - judged,
        "figures": _key_figures(figures),
        "gap_figure": power(figures.now.gap.it_kw),
        "standing": gap_sentences.readiness_summary(figures.now, figures.verdicts),
        "on_declarations": checks_sentences.reliance_on_declarations(**figures.declared),
        "pace": gap_sentences.pace(figures.outlook.pace, figures.now),
        # Rendered before the chart loads, so that the content below does not jump.
        "gap_footer": gap_sentences.ahead(figures.outlook),
    }


def _key_figures(fleet: Fleet) -> dict[str, Figure]:
    """A rise of ready capacity is good and a rise of the gap is bad; a rise of deployed capacity is neither."""
    figures = {}
    for band, tones in (("deployed", ("", "")), ("ready", ("ok", "bad")), ("gap", ("bad", "ok"))):
        weeks = [getattr(gap, band).it_kw for gap in fleet.weeks]
        # Less than a watt is what adding up leaves.
        change = round(weeks[-1] - weeks[-1 - fleet_queries.BEFORE_WEEKS], 3)
        sign, icon, tone = ("+", "arrow-up", tones[0]) if change > 0 else ("−", "arrow-down-right", tones[1])
        moved = f"{sign}{power(abs(change))}" if change else "unchanged"
        figures[band] = {
            "quantity": power(weeks[-1]),
            "note": f"{moved} in 4 weeks",
            "icon": icon if change else "",
            "tone": tone if change else "",
            "spark": spark_path(weeks, width=74, height=26),
        }
    return figures


def _blockers(holds_back: HoldsBack) -> list[Figure]:
    widest = max((pillar.capacity.it_kw for pillar in holds_back.pillars), default=0)
    return [
        {
            "label": pillar.name,
            "url": link("readiness", pillar=pillar.pillar),
            "quantity": power(pillar.capacity.it_kw),
            "width": bar_width(pillar.capacity.it_kw, of=widest),
            "note": f"first blocker at {how_many(len(pillar.sites), 'site', 'sites')}"
            if pillar.sites
            else "blocks no site first",
            "role": "gap",
        }
        for pillar in holds_back.pillars
    ]


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


def _unknown_domains(domains: Iterable[DomainCard]) -> dict[int, list[str]]:
    unknown: dict[int, list[str]] = defaultdict(list)
    for domain in domains:
        for site_id in domain.unknown_at:
            unknown[site_id].append(domain.domain)
    return unknown


def _rest(at: datetime, standing_now: FleetStanding, domains: Iterable[DomainCard]) -> dict[str, Any]:
    holds_back = capacity.holds_back(now=at, fleet=standing_now)
    attention, causes = problem_queries.attention(most=SHOWN_IN_ATTENTION, now=at)
    return {
        "held": holds_back,
        "blockers": _blockers(holds_back),
        "domains": domains,
        "one_provenance": provenance_of_all(figure for card in domains for figure in card.figures),
        "attention": attention,
        "attention_total": causes,
    }
