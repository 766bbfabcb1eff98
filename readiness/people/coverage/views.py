"""Pages of coverage: sites by domain, and one site with its requirements, dependencies and proposed training."""

from collections import Counter
from typing import Any

from django.http import Http404, HttpRequest

from readiness.people.core.coverage import SiteCoverage, dependencies
from readiness.people.coverage import fleet, tables
from readiness.people.kinds.tabs import tabs
from readiness.people.operations import MAY_ASSIGN
from web import tables as table_kit
from web.clock import now
from web.reports import Report
from web.tables import TablePage
from web.visibility import sees_names

MAY_SEE = ("inventory.view_site", "people.view_staffing")
FLEET = Report("people/coverage/page.html", *MAY_SEE)
SITE = Report("people/coverage/site.html", *MAY_SEE)


@FLEET.page
def coverage(request: HttpRequest) -> tuple[TablePage, Any]:
    lines = fleet.domain_lines(fleet.coverage_of_sites(now=now()))
    table = table_kit.page(request, tables.fleet_table(lines), lines)
    return table, lambda: {
        "tabs": tabs("coverage"),
        "counts": Counter(each.cover.value for line in lines for each in line.requirements),
        "expiring": sum(line.expiring for line in lines),
    }


@SITE.page
def site_coverage(request: HttpRequest, slug: str) -> tuple[TablePage, Any]:
    at, names = now(), sees_names(request.user)
    sites = fleet.coverage_of_sites(now=at, slugs=[slug])
    if not sites:
        raise Http404(f"There is no site {slug}.")
    [(site, of_site)] = sites
    table = table_kit.page(
        request, tables.site_table(names=names), fleet.requirement_lines(sites, names=names)
    )
    return table, lambda: {
        "site": site,
        "coverage": of_site,
        "sees_names": names,
        "dependencies": _dependencies(of_site, names=names),
        "proposals": fleet.proposals(of_site, now=at),
        "may_assign": names and request.user.has_perm(MAY_ASSIGN),
    }


def _dependencies(coverage: SiteCoverage, *, names: bool) -> list[dict[str, Any]]:
    depended_on = dependencies(coverage.requirements)
    named = fleet.names_of(each.person_id for each in depended_on) if names else {}
    return [
        {
            "name": named.get(each.person_id, ""),
            "person_id": each.person_id if names else None,
            "alone": [requirement.skill_name for requirement in each.alone],
            "short": [requirement.skill_name for requirement in each.short],
        }
        for each in depended_on
    ]
