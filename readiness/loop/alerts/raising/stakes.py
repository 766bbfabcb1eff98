"""Capacity and workloads that are at stake at sites."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Count

from readiness.demand.workloads.models import Placement
from readiness.loop.alerts.core.severity import Stake
from readiness.loop.problems.models import SiteProblems


def stakes_of(site_ids: Collection[int], *, now: datetime) -> dict[int, Stake]:
    """Two statements, whatever the number of sites."""
    sites = sorted(set(site_ids))
    if not sites:
        return {}
    kw = dict(SiteProblems.objects.filter(site__in=sites).values_list("site_id", "kw"))
    placed = Placement.objects.holding_on(now.date()).filter(site__in=sites).order_by().values("site_id")
    class_counts = placed.annotate(classes=Count("workload_class", distinct=True))
    workloads = dict(class_counts.values_list("site_id", "classes"))
    return {site_id: Stake(kw.get(site_id, 0.0), workloads.get(site_id, 0)) for site_id in sites}
