"""The interop matrix: over the fleet, and of one site."""

from datetime import timedelta

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import conditional_page, require_GET

from readiness.boards.interop import lines, queries, tables
from readiness.evidence.core.interop import CHECK
from readiness.framework import queries as framework_queries
from readiness.framework.core.definition import Check
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
    check = _check()
    sites = queries.pairs_of_sites(list(queries.sites()), now=now())
    pairs = queries.fleet_pairs(sites)
    table = table_kit.page(request, tables.fleet_table(), pairs)
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/interop/fleet.html", table)
    context = {
        "table": table,
        "check": check,
        "kpis": lines.fleet_figures(sites, pairs),
        "matrix": lines.matrix_lines(queries.matrix(pairs)),
        "add_url": link("validation-run-add", tool="csv") if request.user.has_perm(MAY_ADD) else "",
        "breadcrumbs": [
            {"label": "Readiness", "url": reverse("readiness")},
            {"label": "Interoperability", "url": ""},
        ],
    }
    return answers.page(request, "readiness/interop/fleet.html", context)


@may_see
@conditional_page
@require_GET
def site(request: HttpRequest, slug: str) -> HttpResponseBase:
    at = now()
    check = _check()
    place = get_object_or_404(queries.sites(), slug=slug)
    [site_pairs] = queries.pairs_of_sites([place], now=at)
    validity = timedelta(
        seconds=check.with_stand_ins(["pairs-proven"]).part("pairs-proven").validity.limit_s(None)
    )
    table = table_kit.page(
        request, tables.site_table(site_pairs, at, validity=validity), list(site_pairs.pairs)
    )
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/interop/site.html", table)
    add = request.user.has_perm(MAY_ADD)
    context = {
        "site": place,
        "site_pairs": site_pairs,
        "check": check,
        "table": table,
        "matrix": lines.matrix_lines(queries.matrix(site_pairs.pairs)),
        "add_url": link("validation-run-add", site=slug, tool="csv") if add else "",
        "breadcrumbs": [
            {"label": "Fleet", "url": reverse("fleet")},
            {"label": place.name, "url": link("site", slug)},
            {"label": "Interoperability", "url": ""},
        ],
    }
    return answers.page(request, "readiness/interop/site.html", context)


def _check() -> Check:
    """The check in the framework in force, which may have dropped it."""
    _version, framework = framework_queries.current()
    if CHECK not in framework.checks_by_id:
        raise Http404(f"The framework in force has no check {CHECK}.")
    return framework.checks_by_id[CHECK]
