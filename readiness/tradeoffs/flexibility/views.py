"""The page /tradeoffs/flexibility/: critical workloads or sites as a list, and both as a chart."""

from typing import Any

from django.http import HttpRequest

from readiness.tradeoffs.flexibility import charts, tables
from readiness.tradeoffs.flexibility.queries import MAY_SEE, fleet
from web import tables as table_kit
from web.charts import Figure
from web.clock import now
from web.links import link
from web.reports import Report, chart_urls, choices
from web.tables import TablePage
from web.timerange import BadParameter

FLEXIBILITY = Report("tradeoffs/flexibility.html", *MAY_SEE)
VIEWS = {"workloads": "Critical workloads", "sites": "Sites"}


@FLEXIBILITY.page
def flexibility(request: HttpRequest) -> tuple[TablePage, Any]:
    view = request.GET.get("view", "workloads")
    if view not in VIEWS:
        raise BadParameter("view", f"is one of {', '.join(VIEWS)}")
    free = fleet(now=now())
    if view == "sites":
        table = table_kit.page(request, tables.sites(), free.sites)
    else:
        table = table_kit.page(request, tables.critical(free), free.rows)
    return table, lambda: {
        "fleet": free,
        "attested": [site for site in free.sites if site.conformance.value is not None],
        "hhi": free.concentration.hhi,
        "shares": tables.level_and_shares(free.concentration),
        "finding": tables.finding(free),
        "chart": chart_urls("flexibility-chart"),
        "api_url": table.api_url or link("tradeoffs-flexibility"),
        "lists": choices(
            VIEWS.items(),
            view,
            lambda name: link("flexibility", view=name) if name != "workloads" else link("flexibility"),
        ),
    }


@FLEXIBILITY.chart
def chart(request: HttpRequest) -> Figure:
    return charts.conformance(fleet(now=now()))
