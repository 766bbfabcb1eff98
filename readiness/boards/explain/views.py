"""Why did it move: the page for one site, and for several."""

from datetime import datetime
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import conditional_page, require_GET

from inventory.models import Region, Site
from readiness.boards.explain import causes, lines, queries, tables, words
from readiness.boards.explain import charts as explain_charts
from readiness.boards.explain.params import Asked, AskedError, read
from web import answers
from web import tables as table_kit
from web.charts import nothing
from web.clock import now
from web.links import link
from web.permissions import require

TEMPLATE = "readiness/explain/page.html"
may_see = require("inventory.view_site", "scoring.view_checkresult")


@may_see
@conditional_page
@require_GET
def page(request: HttpRequest) -> HttpResponseBase:
    at = now()
    asked = _asked(request, at)
    answer = _site if asked.site else _fleet
    context = answer(request, asked)
    if (table := context.get("table")) and table_kit.wants_table_only(request, table):
        return table_kit.respond(request, TEMPLATE, table, {})
    return answers.page(request, TEMPLATE, _around(asked, at) | context)


@may_see
@conditional_page
@require_GET
def chart(request: HttpRequest, form: str) -> HttpResponse:
    asked = _asked(request, now())
    if asked.site is None:
        fleet = queries.fleet_explained(asked.start, asked.end, asked.region)
        falls, finding = lines.fleet_waterfall(fleet), causes.fleet_sentence(fleet.move)
        if fleet.move.start is None and fleet.move.end is None:
            return answers.chart(nothing(finding), form)
    else:
        explained = queries.site_explained(asked.site, asked.start, asked.end)
        if isinstance(explained, queries.NothingKept):
            return answers.chart(nothing(lines.nothing_kept(explained)), form)
        falls, finding = lines.site_waterfall(explained), lines.finding(explained.explanation.score)
    return answers.chart(explain_charts.waterfall(falls, finding=finding), form)


def _asked(request: HttpRequest, at: datetime) -> Asked:
    try:
        return read(request.GET, now=at)
    except AskedError as error:
        raise BadRequest(str(error)) from error


def _site(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    assert asked.site is not None
    explained = queries.site_explained(asked.site, asked.start, asked.end)
    if isinstance(explained, queries.NothingKept):
        return {"nothing_kept": lines.nothing_kept(explained)}
    return {
        "kpis": lines.site_figures(explained),
        "finding": lines.finding(explained.explanation.score),
        "verdict": lines.verdict_line(explained),
        "notes": lines.notes(explained, asked),
        "pillars": lines.pillar_lines(explained),
        "causes": lines.cause_heads(),
        "rest": lines.rest_line(explained),
        "grants": lines.grant_lines(explained),
        "facts": lines.fact_lines(explained),
        "versions": lines.versions(explained.start, explained.end),
        "table": table_kit.page(request, tables.moved_checks(), lines.check_lines(explained)),
    }


def _fleet(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    explained = queries.fleet_explained(asked.start, asked.end, asked.region)
    context: dict[str, Any] = {
        "left_out": lines.left_out(explained.left_out),
        "too_many": words.too_many(explained.too_many) if explained.too_many else "",
    }
    if not explained.has_sites:
        return context
    return context | {
        "kpis": lines.fleet_figures(explained),
        "finding": causes.fleet_sentence(explained.move),
        "most_moved": lines.most_moved(explained),
        "versions": lines.versions_of_fleet(explained),
        "table": table_kit.page(request, tables.moved_sites(asked), list(explained.sites)),
    }


def _around(asked: Asked, at: datetime) -> dict[str, Any]:
    crumbs = [{"label": "Readiness", "url": reverse("readiness")}]
    if asked.site:
        crumbs.append({"label": asked.site.name, "url": link("site", asked.site.slug)})
    return {
        "asked": asked,
        "site": asked.site,
        "presets": lines.presets(asked, now=at),
        "regions": lines.regions(asked, Region.objects.order_by("name", "pk")),
        "sites": Site.objects.order_by("name", "pk").values_list("slug", "name"),
        "chart_url": link("explain-chart", "json", **asked.query),
        "chart_csv": link("explain-chart", "csv", **asked.query),
        "api_url": link("scoring-api-explain", **asked.query),
        "changes_url": link("site", asked.site.slug, tab="changes") if asked.site else "",
        "breadcrumbs": [*crumbs, {"label": "Why did it move", "url": ""}],
    }
