"""The interop matrix: over the fleet, and of one site."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from readiness.boards.interop import queries, tables
from readiness.boards.interop.queries import FleetPair, SitePairs
from readiness.boards.params import check_named
from readiness.evidence.core.interop import CHECK
from readiness.evidence.core.proving.interop import PairStanding
from web import tables as table_kit
from web.clock import now
from web.links import link
from web.reports import Report
from web.tables import TablePage
from web.units import power

MAY_ADD = "evidence.add_validationrun"
MAY_SEE = ("inventory.view_site", "scoring.view_checkresult", "evidence.view_validationrun")
FLEET = Report("readiness/interop/fleet.html", *MAY_SEE)
SITE = Report("readiness/interop/site.html", *MAY_SEE)


@FLEET.page
def fleet(request: HttpRequest) -> tuple[TablePage, Any]:
    check = check_named(CHECK)
    sites = queries.pairs_of_sites(list(queries.sites()), now=now())
    pairs = queries.fleet_pairs(sites)
    return table_kit.page(request, tables.fleet_table(), pairs), lambda: {
        "check": check,
        "matrix": queries.matrix(pairs),
        "add_url": link("validation-run-add", tool="csv") if request.user.has_perm(MAY_ADD) else "",
        **_figures(sites, pairs),
    }


def _figures(sites: Sequence[SitePairs], pairs: Sequence[FleetPair]) -> dict[str, Any]:
    open_sites = [site for site in sites if site.proven < len(site.pairs) and not site.is_single_vendor]
    standings = Counter(pair.standing for pair in pairs)
    return {
        "pairs": pairs,
        "proven": standings[PairStanding.PROVEN],
        "other_versions": standings[PairStanding.OTHER_VERSIONS],
        "stake": power(sum(site.deployed.it_kw for site in open_sites)),
        "open_sites": len(open_sites),
        "single_vendor": sum(site.is_single_vendor for site in sites),
    }


@SITE.page
def site(request: HttpRequest, slug: str) -> tuple[TablePage, Any]:
    at = now()
    check = check_named(CHECK)
    place = get_object_or_404(queries.sites(), slug=slug)
    [site_pairs] = queries.pairs_of_sites([place], now=at)
    part = check.with_stand_ins(["pairs-proven"]).part("pairs-proven")
    validity = timedelta(seconds=part.validity.limit_s(None))
    table = tables.site_table(site_pairs, at, validity=validity)
    may_add = request.user.has_perm(MAY_ADD)
    return table_kit.page(request, table, list(site_pairs.pairs)), lambda: {
        "site": place,
        "site_pairs": site_pairs,
        "check": check,
        "matrix": queries.matrix(site_pairs.pairs),
        "add_url": link("validation-run-add", site=slug, tool="csv") if may_add else "",
    }
