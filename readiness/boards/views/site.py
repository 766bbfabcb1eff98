"""One site: its verdict and why, its live series, every check, its inventory, sources and changes."""

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
from readiness.boards import charts, findings, tables
from readiness.boards.queries import samples
from readiness.boards.queries import sites as site_queries
from readiness.boards.queries.sites import inventory_counts
from readiness.boards.queries.sites import rows as site_rows
from readiness.boards.sentences import FlipLine
from readiness.boards.waivers.sentences import excepted_note
from readiness.golive.reviews import queries as review_queries
from readiness.grants.operations import MAY_REQUEST
from readiness.scoring import operations
from readiness.scoring.core.combine import SEVERITY
from readiness.scoring.queries.results import pillars_on
from readiness.scoring.queries.standing import with_owner
from web import answers
from web import tables as table_kit
from web.charts import Figure
from web.clock import now
from web.history.events import history_of
from web.links import crumbs, link, noun
from web.permissions import require
from web.reports import Report, chart_urls, choices
from web.tables import TablePage
from web.timerange import TimeRange

DEFAULT_RANGE = "now-24h"
SPANS = (("now-24h", "24 h"), ("now-7d", "7 d"), ("now-30d", "30 d"))
BEFORE = timedelta(days=90)
DOMAINS = tuple(DomainChoices.values)
CHANGES = 50
DECIDING_SHOWN = 5
CHANGE_SPAN = timedelta(days=365)
MAY_EVALUATE = "scoring.change_sitescore"

SITE = Report("readiness/site.html", "inventory.view_site", "scoring.view_checkresult")
TABS = {
    "overview": "Overview",
    **dict(DomainChoices.choices),
    "evidence": "Checks",
    "changes": "Changes",
    "sources": "Sources",
}


@dataclass(frozen=True, slots=True)
class AskedSite:
    request: HttpRequest
    site: Site
    page: site_queries.SitePage
    span: TimeRange
    tab: str
    at: datetime


@SITE.page
def page(request: HttpRequest, slug: str) -> tuple[TablePage | None, Any]:
    at = now()
    site = _site(slug)
    span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
    site_page = site_queries.site_page(site, now=at)
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "overview"
    contents = CONTENTS[tab](AskedSite(request, site, site_page, span, tab, at))
    score = site_page.row.stored
    may_see_reviews = request.user.has_perm("evidence.view_review")
    return contents.pop("table", None), lambda: {
        "now": at,
        "site": site,
        "page": site_page,
        "tab": tab,
        "tabs": _tabs(site_page, tab),
        "time_range": span.context,
        "breadcrumbs": crumbs(
            site.name, ("Fleet", "fleet"), (site.region.name, link("sites", region=site.region.slug))
        ),
        "may_evaluate": request.user.has_perm(MAY_EVALUATE) and site.has_verdict,
        "review": review_queries.of_site(site, now=at) if may_see_reviews else None,
        "inventory_url": link("site-detail", site.pk),
        "no_verdict": "" if site_page.row.verdict else findings.no_verdict(site.stage),
        "held_by": findings.held_by(site_page.deciding),
        "on_declarations": findings.on_declarations(len(score.capped), score.measurable),
        "excepted": excepted_note(score.excepted),
        "excepted_url": link("waivers", site=site.slug, kind="exception", in_force="true"),
        **contents,
    }


@require_POST
@require("inventory.view_site", MAY_EVALUATE)
def evaluate_now(request: HttpRequest, slug: str) -> HttpResponse:
    site = _site(slug)
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
    site = _site(slug)
    span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
    domain = request.GET.get("domain", "")
    panels = samples.panels(
        site,
        start=span.start,
        end=min(span.end, at),
        points=_points(request),
        now=at,
        domain=domain if domain in DOMAINS else "",
    )
    figure = charts.series(panels, start=span.start, end=span.end)
    figure["meta"]["title"] = span.named("Live series")
    return figure


@SITE.chart
def pillars_chart(request: HttpRequest, slug: str) -> Figure:
    at = now()
    site = _site(slug)
    [row] = site_rows([site], now=at)
    before = pillars_on(site, at=at - BEFORE)
    return charts.pillars(row.pillars, before, finding=findings.weakest_pillar(row.weakest))


def _site(slug: str) -> Site:
    return get_object_or_404(with_owner(Site.objects.select_related("region", "score"), now=now()), slug=slug)


def _points(request: HttpRequest) -> int:
    text = request.GET.get("points", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 600


def _tabs(site_page: site_queries.SitePage, tab: str) -> list[dict[str, Any]]:
    slug = site_page.row.site.slug
    counts = {
        "evidence": sum(len(pillar.checks) for pillar in site_page.checks),
        "sources": len(site_page.sources),
    }
    return [
        *(
            {
                "label": label,
                "count": counts.get(name) or None,
                "current": name == tab,
                "url": link("site", slug, tab=name),
            }
            for name, label in TABS.items()
        ),
        {"label": "Determinism", "url": link("site-determinism", slug)},
        {"label": "Interop", "url": link("site-interop", slug)},
    ]


def _series_card(asked: AskedSite) -> dict[str, Any]:
    site, span, tab = asked.site, asked.span, asked.tab
    domain = {"domain": tab} if tab in DOMAINS else {}
    return {
        "series": chart_urls("site-series-chart", site.slug, **span.query, **domain),
        # There before the chart is, so that nothing below it moves when it comes.
        "series_footer": "Samples of the site’s sources",
        "series_title": span.named("Live series"),
        "span_views": choices(
            SPANS,
            span.start_text if span.end_text == "now" else None,
            lambda start: link("site", site.slug, tab=tab, start=start, end="now"),
        ),
    }


def _overview(asked: AskedSite) -> dict[str, Any]:
    site, site_page = asked.site, asked.page
    return _series_card(asked) | {
        "pillars": [
            tables.pillar_mark(pillar) | {"url": link("site", site.slug, tab="evidence", pillar=pillar.id)}
            for pillar in site_page.row.pillars
        ],
        "pillars_url": link("site-pillars-chart", site.slug, "json"),
        "pillars_finding": findings.weakest_pillar(site_page.row.weakest),
        "trend_url": link("trends-chart", "json", site=site.slug),
        "trend_views": [{"label": "All trends", "url": link("trends", site=site.slug)}],
        # Failed checks before unknown ones: a measurement says more than a missing one.
        "deciding": sorted(site_page.deciding, key=lambda row: -SEVERITY[row.state])[:DECIDING_SHOWN],
        "deciding_more": max(len(site_page.deciding) - DECIDING_SHOWN, 0),
        "domains": site_page.domains,
        "flips": [FlipLine(*row) for row in site_page.flips[:8]],
        "sources": site_page.sources,
        "inventory": [
            (capfirst(model._meta.verbose_name_plural), count, link(f"{noun(model)}-list", site=site.slug))
            for model, count in inventory_counts(site)
        ],
    }


def _domain(asked: AskedSite) -> dict[str, Any]:
    shown = [detail for detail in asked.page.domains if detail.domain == asked.tab]
    return _series_card(asked) | {
        "detail": shown[0] if shown else None,
        "domain_title": DomainChoices(asked.tab).label,
    }


def _evidence(asked: AskedSite) -> dict[str, Any]:
    site_page, may_request = asked.page, asked.request.user.has_perm(MAY_REQUEST)
    rows = [check for pillar in site_page.checks for check in pillar.checks]
    table = tables.checks_of_site(asked.site.slug, site_page.checks, may_request=may_request)
    return {"table": table_kit.page(asked.request, table, rows), "counts": site_page.counts}


def _changes(asked: AskedSite) -> dict[str, Any]:
    site = asked.site
    flips = site_queries.flips(site, start=asked.at - CHANGE_SPAN, end=asked.at)
    return {
        "flips": [FlipLine(*row) for row in flips],
        "history": history_of(site, limit=CHANGES).rows,
        "history_url": link("history", model="inventory.site", id=site.pk),
    }


CONTENTS = {
    "overview": _overview,
    **dict.fromkeys(DOMAINS, _domain),
    "evidence": _evidence,
    "changes": _changes,
    "sources": lambda asked: {"sources": asked.page.sources},
}
