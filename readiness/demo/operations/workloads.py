"""User regions, workload classes and where they are placed."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from inventory.models import Site
from readiness.demo.core.plan import FleetPlan
from readiness.demo.operations.catalogue import Made, existing_or_new
from readiness.workloads.models import Placement, ServedRegion, UserRegion, WorkloadClass


def write_workloads(plan: FleetPlan, sites: Mapping[str, Site], made: Made, *, now: datetime) -> None:
    """The classes placed at any of these sites. A class is placed from the day its site's first capacity came."""
    rows = [row for row in plan.fleet["workload_classes"] if set(row["sites"]) & set(sites)]
    wanted = [
        UserRegion(name=row["name"], slug=row["slug"], latitude=row["latitude"], longitude=row["longitude"])
        for row in plan.fleet["user_regions"]
    ]
    regions = {
        region.slug: region for region in existing_or_new(UserRegion, wanted, by=("slug", "name"), made=made)
    }
    classes = existing_or_new(
        WorkloadClass,
        [
            WorkloadClass(name=row["name"], slug=row["slug"], latency_limit_ms=row["latency_limit_ms"])
            for row in rows
        ],
        by=("slug", "name"),
        made=made,
    )
    ServedRegion.objects.bulk_create(
        [
            ServedRegion(workload_class=workload, user_region=regions[slug])
            for row, workload in zip(rows, classes, strict=True)
            for slug in row["user_regions"]
        ],
        ignore_conflicts=True,
    )
    days = {site.name: site.waves[0][0] for site in plan.sites if site.waves}
    placements = [
        Placement(
            workload_class=workload,
            site=sites[name],
            started_on=now.date() - timedelta(days=days[name]),
        )
        for row, workload in zip(rows, classes, strict=True)
        for name in row["sites"]
        if name in days
    ]
    Placement.objects.bulk_create(sorted(placements, key=lambda each: (each.workload_class_id, each.site_id)))
