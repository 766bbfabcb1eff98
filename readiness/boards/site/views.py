"""The page of one site: verdict and reasons, live series, checks, inventory, sources and changes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.text import capfirst
from django.views.decorators.http import require_POST

from inventory.models import DomainChoices, Site
from readiness.assessment.evidence.confirmations import awaited_at
from readiness.assessment.evidence.models import Attestation
from readiness.assessment.framework.core.vocabulary import Domain
from readiness.assessment.grants.operations import MAY_REQUEST
from readiness.assessment.scoring import operations
from readiness.assessment.scoring.core.states import CheckState, ReasonCode
from readiness.assessment.scoring.figures import provenance_of_all
from readiness.assessment.scoring.queries.results import pillars_on
from readiness.assessment.scoring.queries.rows import CheckRow
from readiness.assessment.scoring.queries.standing import annotate_owner
from readiness.assessment.standards.panels import deviations_panel
from readiness.boards.alerts.carriers import not_taken
from readiness.boards.checks import answering as checks_answering
from readiness.boards.checks import blockers
from readiness.boards.checks import sentences as checks_sentences
from readiness.boards.checks.answering import Answering
from readiness.boards.checks.views import SEES_OWNERS, ownership_cells
from readiness.boards.health.queries import open_reasons
from readiness.boards.health.sentences import FlipLine
from readiness.boards.heat.views import heat_card
from readiness.boards.power.queries import rack_paths
from readiness.boards.power.sentences import summary as power_summary
from readiness.boards.power.views import MAY_SEE as SEES_POWER
from readiness.boards.site import charts, queries, sentences, series, tables
from readiness.boards.site.people import people_of
from readiness.boards.site.queries import inventory_counts
from readiness.boards.sites import tables as sites_tables
from readiness.boards.waivers.sentences import excepted_note
from readiness.golive.reviews import queries as review_queries
from readiness.loop.findings.panels import site_panel as findings_panel
from readiness.loop.incidents.panels import site_panel as incidents_panel
from readiness.loop.incidents.queries import MAY_SEE as SEES_INCIDENTS
from readiness.loop.incidents.queries import open_incidents_at
from readiness.loop.problems.core.states import ProblemKind
from readiness.loop.problems.measurements import METERS
from readiness.loop.problems.models import Problem
from readiness.organisation.ownership.queries import UNOWNED, SiteCells
from telemetry.drift import queries as drifts
from telemetry.drift.sentences import contradiction
from telemetry.schedulers.panels import site_figures
from web import answers
from web import tables as table_kit
from web.charts import Figure
from web.clock import now
from web.history.events import history_of
from web.kinds.panels import MakePanel, Panel
from web.links import crumbs, link, noun
from web.permissions import require
from web.reports import Report, chart_urls, choices
from web.tables import TablePage
from web.timerange import TimeRange
from web.visibility import sees_names

DEFAULT_RANGE = "now-24h"
SPANS = (("now-24h", "24 h"), ("now-7d", "7 d"), ("now-30d", "30 d"))
BEFORE = timedelta(days=90)
DOMAINS = tuple(DomainChoices.values)
CHANGES = 50
FAILING_SHOWN, BLOCKERS_SHOWN = 5, 8
CHANGE_SPAN = timedelta(days=365)
MAY_EVALUATE = "scoring.change_sitescore"

SITE = Report("readiness/site.html", "inventory.view_site", "scoring.view_checkresult")


@dataclass(frozen=True, slots=True)
class AskedSite:
    request: HttpRequest
    site: Site
    page: queries.SitePage
    span: TimeRange
    tab: str
    at: datetime

    @property
    def names(self) -> bool:
        return sees_names(self.request.user)

    def cells(self) -> SiteCells:
        may_see = self.request.user.has_perm(SEES_OWNERS)
        return checks_answering.cells_of(self.site, now=self.at) if may_see else UNOWNED


@SITE.page
def page(request: HttpRequest, slug: str) -> tuple[TablePage | None, Any]:
    at = now()
    site = site_or_404(slug)
    span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
    site_page = queries.site_page(site, now=at)
    tab = request.GET.get("tab", "")
    tab = tab if tab in CONTENTS else "overview"
    contents = CONTENTS[tab](AskedSite(request, site, site_page, span, tab, at))
    may_see_reviews = request.user.has_perm("evidence.view_review")
    return contents.pop("table", None), lambda: {
        "now": at,
        "site": site,
        "page": site_page,
        "tab": tab,
        "unwell": {detail.domain: detail.unwell for detail in site_page.domains},
        "time_range": span.context,
        "breadcrumbs": crumbs(
            site.name, ("Sites", "sites"), (site.region.name, link("sites", region=site.region.slug))
        ),
        "may_evaluate": request.user.has_perm(MAY_EVALUATE) and site.has_verdict,
        "review": review_queries.sites_review(site, now=at) if may_see_reviews else None,
        "inventory_url": link("site-detail", site.pk),
        "open_problems": Problem.objects.open().causes().filter(site=site).count(),
        "not_taken": Problem.objects.open().filter(not_taken(), site=site).count(),
        "drifts": [(drift, contradiction(drift)) for drift in drifts.pressing([site.pk])],
        **_verdict(site, site_page, at),
        **contents,
    }


def _verdict(site: Site, site_page: queries.SitePage, at: datetime) -> dict[str, Any]:
    row, score = site_page.row, site_page.row.stored
    counted = sum(count for state, count in site_page.counts.items() if state != CheckState.NOT_APPLICABLE)
    open_checks = blockers.not_passed(site_page.results)
    return {
        "no_verdict": "" if row.verdict else checks_sentences.no_verdict(site.stage),
        "capacity": sentences.capacity_of(row.verdict, row.deployed.it_kw),
        "held_kw": row.deployed.it_kw - row.ready.it_kw,
        "held_by": sentences.held_by(site_page.deciding),
        "checks_counted": counted,
        "not_passed": open_checks,
        "next_to_end": blockers.next_to_end(site_page.results, now=at),
        "on_declarations": checks_sentences.reliance_on_declarations(len(score.capped), score.measurable),
        "unconfirmed": sentences.unconfirmed(_awaited(site, site_page, at)),
        "excepted": excepted_note(score.excepted),
        "excepted_url": link("waivers", site=site.slug, kind="exception", in_force="true"),
        "one_provenance": provenance_of_all(
            figure for detail in site_page.domains for figure in detail.figures
        ),
    }


def _awaited(site: Site, site_page: queries.SitePage, at: datetime) -> list[Attestation]:
    waits = any(part.code == ReasonCode.UNCONFIRMED for row in site_page.results for part in row.parts)
    return awaited_at(site.pk, now=at) if waits else []


@require_POST
@require("inventory.view_site", MAY_EVALUATE)
def evaluate_now(request: HttpRequest, slug: str) -> HttpResponse:
    site = site_or_404(slug)
    try:
        operations.evaluate_one(site=site, now=now())
    except operations.NotEvaluable as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"All checks of {site} were evaluated from the evidence there is.")
    return HttpResponseRedirect(reverse("site", args=[slug]))


@SITE.chart
def series_chart(request: HttpRequest, slug: str) -> Figure:
    at = now()
    site = site_or_404(slug)
    span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
    domain = request.GET.get("domain", "")
    panels = series.panels(
        site,
        start=span.start,
        end=min(span.end, at),
        points=_points(request),
        now=at,
        domain=domain if domain in DOMAINS else "",
    )
    figure = charts.series(panels, start=span.start, end=span.end)
    figure["meta"]["title"] = span.title("Live series")
    return figure


def site_or_404(slug: str) -> Site:
    return get_object_or_404(
        annotate_owner(Site.objects.select_related("region", "score"), now=now()), slug=slug
    )


def _points(request: HttpRequest) -> int:
    text = request.GET.get("points", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 600


def _series_card(site_view: AskedSite) -> dict[str, Any]:
    site, span, tab = site_view.site, site_view.span, site_view.tab
    domain = {"domain": tab} if tab in DOMAINS else {}
    return {
        "series": chart_urls("site-series-chart", site.slug, **span.query, **domain),
        # Rendered before the chart loads, so that the content below does not jump.
        "series_footer": "Samples of the site’s sources",
        "series_title": span.title("Live series"),
        "span_views": choices(
            SPANS,
            span.start_text if span.end_text == "now" else None,
            lambda start: link("site", site.slug, tab=tab, start=start, end="now"),
        ),
    }


def _overview(site_view: AskedSite) -> dict[str, Any]:
    site, site_page = site_view.site, site_view.page
    before = pillars_on(site, at=site_view.at - BEFORE) or {}
    cells, open_checks = site_view.cells(), blockers.not_passed(site_page.results)
    holding_checks = open_checks if site.has_verdict else []
    held_by = blockers.blockers(
        site, holding_checks, cells, site_page.framework, names=site_view.names, now=site_view.at
    )
    dates = [blocker.counted_on for blocker in held_by if blocker.counted_on]
    return _series_card(site_view) | {
        "pillars": [
            sites_tables.pillar_bar(pillar, before.get(pillar.id))
            | {"url": link("site", site.slug, tab="evidence", pillar=pillar.id)}
            for pillar in site_page.row.pillars
        ],
        "failing": [(row, _answering(site_view, cells)(row)) for row in open_checks[:FAILING_SHOWN]],
        "failing_more": max(len(open_checks) - FAILING_SHOWN, 0),
        "blockers": held_by[:BLOCKERS_SHOWN],
        "blockers_count": len(held_by),
        "blockers_dated": len(dates),
        "ready_on": max(dates) if held_by and len(dates) == len(held_by) else None,
        "owners": ownership_cells(site, cells, names=site_view.names, now=site_view.at),
        "flips": [FlipLine(*row) for row in queries.recent_flips(site, site_page.framework)],
        "open_incidents": open_incidents_at(site.pk)
        if site_view.request.user.has_perm(SEES_INCIDENTS)
        else [],
    }


def _answering(site_view: AskedSite, cells: SiteCells) -> Callable[[CheckRow], Answering]:
    checks = site_view.page.framework.checks_by_id
    return lambda row: checks_answering.answering(
        site_view.site, checks.get(row.id), cells, names=site_view.names
    )


def _domain(site_view: AskedSite) -> dict[str, Any]:
    site, domain = site_view.site, site_view.tab
    detail = next((each for each in site_view.page.domains if each.domain == domain), None)
    table = tables.reasons_of_domain(is_blind=detail is not None and detail.is_blind, now=site_view.at)
    disagreeing = Problem.objects.open().filter(site=site, kind=ProblemKind.MEASUREMENT, subject=METERS)
    return (
        _series_card(site_view)
        | _equipment(site_view, domain)
        | {
            "meters": disagreeing.order_by("pk") if domain == DomainChoices.ENERGY else (),
            "detail": detail,
            "domain_title": DomainChoices(domain).label,
            "table": table_kit.page(site_view.request, table, open_reasons(site, domain)),
        }
    )


def _equipment(site_view: AskedSite, domain: str) -> dict[str, Any]:
    """The cards beside the series of a domain: its accelerators, or its racks and their feeds."""
    site = site_view.site
    if domain == DomainChoices.COMPUTE:
        return {
            "heat": heat_card(site_view.request, site),
            "scheduler": site_figures(site, user=site_view.request.user, now=site_view.at),
        }
    if domain == DomainChoices.ENERGY and site_view.request.user.has_perms(SEES_POWER):
        paths = rack_paths(site, now=site_view.at)
        return {"power": power_summary(paths), "power_url": link("site-power", site.slug)}
    return {}


def _evidence(site_view: AskedSite) -> dict[str, Any]:
    site_page, may_request = site_view.page, site_view.request.user.has_perm(MAY_REQUEST)
    table = tables.checks_of_site(
        site_view.site.slug,
        site_page.checks,
        _answering(site_view, site_view.cells()),
        may_request=may_request,
    )
    return {"table": table_kit.page(site_view.request, table, site_page.results), "counts": site_page.counts}


def _people(site_view: AskedSite) -> dict[str, Any]:
    checks = site_view.page.framework.checks_by_id
    of_people = [
        row
        for row in site_view.page.results
        if (check := checks.get(row.id)) is not None and Domain.PEOPLE in check.domains
    ]
    return {
        "owners": ownership_cells(site_view.site, site_view.cells(), names=site_view.names, now=site_view.at),
        "of_people": of_people,
        "people": people_of(site_view.site, names=site_view.names, now=site_view.at),
    }


def _panels(site_view: AskedSite, *makers: MakePanel) -> list[Panel]:
    panels = (make(site_view.site, user=site_view.request.user, now=site_view.at) for make in makers)
    return [panel for panel in panels if panel is not None]


def _inventory(site_view: AskedSite) -> dict[str, Any]:
    site = site_view.site
    return {
        "panels": _panels(site_view, deviations_panel),
        "inventory": [
            (capfirst(model._meta.verbose_name_plural), count, link(f"{noun(model)}-list", site=site.slug))
            for model, count in inventory_counts(site)
        ],
        "sources": queries.sources(site),
    }


def _changes(site_view: AskedSite) -> dict[str, Any]:
    site = site_view.site
    flips = queries.flips(site, start=site_view.at - CHANGE_SPAN, end=site_view.at)
    return {
        "panels": _panels(site_view, incidents_panel, findings_panel),
        "flips": [FlipLine(*row) for row in flips],
        "history": history_of(site, limit=CHANGES).rows,
        "history_url": link("history", model="inventory.site", id=site.pk),
        "trend_url": link("trends-chart", "json", site=site.slug),
        "trend_views": [{"label": "All trends", "url": link("trends", site=site.slug)}],
    }


CONTENTS = {
    "overview": _overview,
    **dict.fromkeys(DOMAINS, _domain),
    "evidence": _evidence,
    "people": _people,
    "inventory": _inventory,
    "changes": _changes,
}
