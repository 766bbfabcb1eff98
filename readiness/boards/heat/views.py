"""The map of accelerators on a site's page, and its figure."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from inventory.models import Site
from readiness.boards.heat import charts
from readiness.boards.heat.queries import HeatMetric, heat_map, heat_metrics, node_count
from telemetry.links import explore_url
from web.charts import Figure, nothing
from web.clock import now
from web.reports import Report, chart_urls

METRIC = "heat"
HEIGHTS = (("short", 4), ("medium", 10), ("tall", 20))
"""The height of the plot, by the most nodes that it has room for."""
HEAT = Report("readiness/site.html", "inventory.view_site", "telemetry.view_series")


@dataclass(frozen=True, slots=True)
class HeatCard:
    """The contents of the card before the figure is there; without a metric it says that none arrives."""

    metrics: list[HeatMetric]
    metric: HeatMetric | None = None
    height: str = ""
    explore_url: str = ""
    url: str = ""
    csv: str = ""


def heat_card(request: HttpRequest, site: Site) -> HeatCard | None:
    """None for readers who may not see samples, and for sites without accelerators in service."""
    nodes = node_count(site) if request.user.has_perm("telemetry.view_series") else 0
    if not nodes:
        return None
    metrics = heat_metrics(site)
    metric = _requested(request, metrics)
    if metric is None:
        return HeatCard(metrics)
    height = next((name for name, most in HEIGHTS if nodes <= most), "stacked")
    explored = explore_url({"metric": metric.name, "site": site.slug})
    return HeatCard(
        metrics, metric, height, explored, **chart_urls("site-heat-chart", site.slug, **{METRIC: metric.name})
    )


@HEAT.chart
def heat_chart(request: HttpRequest, slug: str) -> Figure:
    site: Any = get_object_or_404(Site, slug=slug)
    metric = _requested(request, heat_metrics(site))
    if metric is None:
        return nothing("No accelerator of this site sends samples.")
    return charts.heat(heat_map(site, metric, now=now()))


def _requested(request: HttpRequest, metrics: list[HeatMetric]) -> HeatMetric | None:
    requested = request.GET.get(METRIC, "")
    return next((each for each in metrics if each.name == requested), next(iter(metrics), None))
