"""Filters of workload classes, for the API and for the page alike."""

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


class PlacedAt(AnyOf):
    """Classes placed today at any of the sites, by slug."""

    def filter(self, queryset: QuerySet, values: list[Any]) -> QuerySet:
        if not values:
            return queryset
        there = Placement.objects.on(clock.now().date()).filter(site__slug__in=values)
        return queryset.filter(pk__in=there.order_by().values("workload_class"))


class ServesRegion(AnyOf):
    """Classes that serve any of the user regions, by slug."""

    def filter(self, queryset: QuerySet, values: list[Any]) -> QuerySet:
        if not values:
            return queryset
        served = ServedRegion.objects.filter(user_region__slug__in=values)
        return queryset.filter(pk__in=served.order_by().values("workload_class"))


class Needing(AnyOf):
    """Classes that need accelerators of any of the types, by slug."""

    def filter(self, queryset: QuerySet, values: list[Any]) -> QuerySet:
        if not values:
            return queryset
        needed = AcceleratorDemand.objects.filter(device_type__slug__in=values)
        return queryset.filter(pk__in=needed.order_by().values("workload_class"))


def _complete(_key: str) -> Q:
    return COMPLETE


def _placed(_key: str) -> Q:
    there = Placement.objects.on(clock.now().date()).order_by().values("workload_class")
    return Q(pk__in=there)


class WorkloadFilters(ObjectFilterSet):
    site = PlacedAt(inner=forms.CharField(), commas=True, label="Placed at")
    user_region = ServesRegion(inner=forms.CharField(), commas=True, label="Serves")
    accelerator = Needing(inner=forms.CharField(), commas=True, label="Needs accelerator")
    complete = Flag(read=_complete, label="All four parts declared")
    placed = Flag(read=_placed, label="Placed somewhere")

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
