"""The list of sites."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.scoring.queries.standing import FleetStanding, fleet_standing
from readiness.boards.gap import sentences as gap_sentences
from readiness.boards.sites import queries, tables
from web import tables as table_kit
from web.clock import now
from web.reports import Report
from web.tables import Table, TablePage

MAY_SEE = ("inventory.view_site", "scoring.view_sitescore")
SITES = Report("readiness/sites.html", *MAY_SEE)


@SITES.page
def sites(request: HttpRequest) -> tuple[TablePage, Any]:
    at, framework = now(), framework_queries.current()[1]

    def context() -> dict[str, Any]:
        standing_now = fleet_standing(now=at, framework=framework)
        return {
            "standing": gap_sentences.readiness_summary(standing_now.gap, standing_now.verdicts)
            if standing_now.sites
            else ""
        }

    return sites_page(request, framework, at), context


def sites_page(
    request: HttpRequest,
    framework: Framework,
    at: datetime,
    standing_now: FleetStanding | None = None,
    table: Table = tables.SITES,
) -> TablePage:
    """`standing_now` passes in what has already been read about all sites."""
    capacity = standing_now.capacity if standing_now else None
    return table_kit.page(
        request,
        table,
        queries.table(now=at),
        prepare=lambda page: tables.site_lines(page, now=at, framework=framework, capacity=capacity),
        # Without parameters the list is not filtered.
        total=len(standing_now.sites) if standing_now and not request.GET else None,
    )
