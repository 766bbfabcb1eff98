"""Does it help: the figures of the loop, by site or by team, and the backlog of actions."""

from typing import Any

from django.http import HttpRequest

from readiness.boards.feedback import charts, queries, tables
from readiness.boards.feedback.core.backlog import trend_words
from web import tables as table_kit
from web.charts import Figure
from web.clock import now
from web.links import link
from web.reports import Report, chart_urls, choices
from web.tables import TablePage
from web.timerange import BadParameter

BY = {"site": "By site", "team": "By team"}
FEEDBACK = Report(
    "readiness/feedback/page.html",
    "inventory.view_site",
    "findings.view_finding",
    "actions.view_action",
    "incidents.view_incident",
)


@FEEDBACK.page
def page(request: HttpRequest) -> tuple[TablePage, Any]:
    at, by = now(), request.GET.get("by", "site")
    if by not in BY:
        raise BadParameter("by", "is site or team")
    by_site = queries.figures_by_site(now=at)
    rows = by_site if by == "site" else queries.figures_by_team(now=at)
    table = table_kit.page(request, tables.BY_SITE if by == "site" else tables.BY_TEAM, rows)
    return table, lambda: {
        "totals": queries.totals(by_site),
        "escapes": queries.escapes(now=at),
        "finding": trend_words(queries.weeks(now=at)),
        "chart": chart_urls("feedback-chart"),
        "choices": choices(BY.items(), by, lambda value: link("feedback", by=value)),
    }


@FEEDBACK.chart
def chart(request: HttpRequest) -> Figure:
    return charts.backlog_chart(queries.weeks(now=now()))
