"""Determinism under load: over the fleet, and at one site."""

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import conditional_page, require_GET

from inventory.models import Site
from readiness.boards.determinism import charts, lines, queries, tables
from readiness.boards.determinism.judging import CHECK
from readiness.framework import queries as framework_queries
from readiness.framework.core.definition import Check, Framework
from web import answers
from web import tables as table_kit
from web.clock import now
from web.links import link
from web.permissions import require

MAY_ADD = "evidence.add_validationrun"

may_see = require("inventory.view_site", "scoring.view_checkresult", "evidence.view_validationrun")


@may_see
@conditional_page
@require_GET
def fleet(request: HttpRequest) -> HttpResponseBase:
    at = now()
    check = _check()
    may_add = request.user.has_perm(MAY_ADD)
    shown: list[queries.SitePaths] = []

    def prepare(sites: list[Site]) -> list[tables.PathRow]:
        shown[:] = queries.paths_of_sites(sites, now=at)
        return tables.rows(shown)

    table = table_kit.page(request, tables.table(at, may_add=may_add), queries.sites(), prepare=prepare)
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/determinism/fleet.html", table)
    context = {
        "table": table,
        "check": check,
        "kpis": lines.key_figures([row.object for row in table.rows]),
        "contrast": lines.contrast(shown),
        "any_runs": any(site.paths for site in shown),
        "chart_url": link("determinism-chart", "json"),
        "chart_csv": link("determinism-chart", "csv"),
        "add_url": reverse("validation-run-add") if may_add else "",
        "breadcrumbs": [
            {"label": "Readiness", "url": reverse("readiness")},
            {"label": "Determinism under load", "url": ""},
        ],
    }
    return answers.page(request, "readiness/determinism/fleet.html", context)


@may_see
@conditional_page
@require_GET
def tails_chart(request: HttpRequest, form: str) -> HttpResponse:
    _check()
    sites = queries.paths_of_sites(
        list(queries.sites()[: tables.table(now(), may_add=False).per_page]), now=now()
    )
    return answers.chart(charts.tails(tables.rows(sites)), form)


@may_see
@conditional_page
@require_GET
def site(request: HttpRequest, slug: str) -> HttpResponse:
    at = now()
    _check()
    place = _site(slug)
    determinism = queries.site_determinism(place, path=request.GET.get("path", ""), now=at)
    path = {"path": determinism.chosen.path.key} if determinism.chosen else {}
    chart = {
        name: link(f"site-determinism-{name}-chart", slug, "json", **path)
        for name in ("percentiles", "history")
    }
    context = {
        "site": place,
        "determinism": determinism,
        "paths": lines.path_choices(determinism.site_paths, determinism.chosen, now=at),
        "contrast": lines.contrast([determinism.site_paths]),
        "facts": lines.facts(determinism, now=at),
        "parts": lines.named(lines.explanation(determinism.chosen), determinism.thresholds)
        if determinism.chosen
        else [],
        "read": lines.read_runs(determinism.chosen),
        "read_more": lines.read_more(determinism.chosen),
        "left_out": lines.left_out(determinism.left_out),
        "left_out_more": max(len(determinism.left_out) - lines.LEFT_OUT_SHOWN, 0),
        "served": lines.served(determinism),
        "chart": chart,
        "chart_csv": {name: url.replace(".json", ".csv") for name, url in chart.items()},
        "add_url": link("validation-run-add", site=slug) if request.user.has_perm(MAY_ADD) else "",
        "breadcrumbs": [
            {"label": "Fleet", "url": reverse("fleet")},
            {"label": place.name, "url": link("site", slug)},
            {"label": "Determinism under load", "url": ""},
        ],
    }
    return answers.page(request, "readiness/determinism/site.html", context)


@may_see
@conditional_page
@require_GET
def percentiles_chart(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    return answers.chart(charts.percentiles(_determinism(request, slug)), form)


@may_see
@conditional_page
@require_GET
def history_chart(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    determinism = _determinism(request, slug)
    return answers.chart(charts.over_time(determinism.history, determinism.chosen), form)


def _determinism(request: HttpRequest, slug: str) -> queries.SiteDeterminism:
    _check()
    return queries.site_determinism(_site(slug), path=request.GET.get("path", ""), now=now())


def _check() -> tuple[Check, Framework]:
    """The check and the framework in force, which may have dropped it."""
    _version, framework = framework_queries.current()
    if CHECK not in framework.checks_by_id:
        raise Http404(f"The framework in force has no check {CHECK}.")
    return framework.checks_by_id[CHECK], framework


def _site(slug: str) -> Site:
    return get_object_or_404(Site.objects.select_related("region"), slug=slug)
