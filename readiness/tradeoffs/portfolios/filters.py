"""Filters of runs, for the API and for the page alike."""

from readiness.tradeoffs.models import PortfolioRun
from web.rest.filters import ObjectFilterSet


class PortfolioFilters(ObjectFilterSet):
    class Meta:
        model = PortfolioRun
        fields = ("state", "asked_by", "asked_at", "finished_at", "points_total", "workloads_total")
        search_fields = ("asked_by__username",)
