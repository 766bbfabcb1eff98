"""Filters of workload classes, for the API and for the page alike."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from readiness.workloads.models import AcceleratorDemand, Placement, ServedRegion, WorkloadClass
from web import clock
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf, Flag

COMPLETE = (
    Q(latency_limit_ms__isnull=False, cost_ceiling__isnull=False, allowed_jurisdictions__len__gt=0)
    & (Q(carbon_g_per_kwh__isnull=False) | Q(carbon_kg_per_month__isnull=False))
)  # fmt: skip


class ReferredTo(AnyOf):
    """Classes to which rows refer whose `path` is any of the slugs; `rows` gives those that count."""

    def __init__(self, rows: Callable[[], QuerySet], path: str, label: str) -> None:
        super().__init__(inner=forms.CharField(), commas=True, label=label)
        self.rows, self.path = rows, path

    def filter(self, queryset: QuerySet, values: list[Any]) -> QuerySet:
        if not values:
            return queryset
        rows = self.rows().filter(**{f"{self.path}__in": values})
        return queryset.filter(pk__in=rows.order_by().values("workload_class"))


def _running() -> QuerySet:
    return Placement.objects.on(clock.now().date())


class WorkloadFilters(ObjectFilterSet):
    site = ReferredTo(_running, "site__slug", "Placed at")
    user_region = ReferredTo(ServedRegion.objects.all, "user_region__slug", "Serves")
    accelerator = ReferredTo(AcceleratorDemand.objects.all, "device_type__slug", "Needs accelerator")
    complete = Flag(read=lambda _key: COMPLETE, label="All four parts declared")
    placed = Flag(
        read=lambda _key: Q(pk__in=_running().order_by().values("workload_class")), label="Placed somewhere"
    )

    class Meta:
        model = WorkloadClass
        fields = [
            *("name", "slug", "description", "kind", "criticality", "it_kw", "bandwidth_gbps"),
            *("latency_limit_ms", "latency_percentile", "cost_ceiling", "cost_currency", "cost_unit"),
            *("allowed_jurisdictions", "forbidden_jurisdictions", "residency", "data_categories"),
            *("carbon_g_per_kwh", "carbon_kg_per_month", "min_verdict", "min_score", "deferrable_h"),
            *("provenance", "declared_on"),
        ]
        search_fields = ["name", "slug", "description", "source"]
        panel = ["kind", "criticality", "complete", "placed", "site", "user_region", "data_categories"]
