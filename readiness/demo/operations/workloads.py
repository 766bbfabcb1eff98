"""User regions, workload classes with their envelopes, and where they are placed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from inventory.models import DeviceType, Site
from readiness.demo.core import envelopes
from readiness.demo.core.plan import FleetPlan
from readiness.demo.operations.catalogue import DemoObjects, existing_or_new
from readiness.demo.operations.footing import write_footing
from readiness.workloads import operations
from readiness.workloads.models import EnvelopeConfirmation, Placement, UserRegion, WorkloadClass


def write_workloads(
    plan: FleetPlan,
    sites: Mapping[str, Site],
    types: Mapping[str, DeviceType],
    made: DemoObjects,
    *,
    now: datetime,
) -> None:
    """The classes placed at any of these sites. A class is placed from the day its site's first capacity came.

    `types` are accelerators by the key of hardware.yaml.
    """
    rows = [row for row in plan.fleet["workload_classes"] if set(row["sites"]) & set(sites)]
    wanted = [
        UserRegion(name=row["name"], slug=row["slug"], latitude=row["latitude"], longitude=row["longitude"])
        for row in plan.fleet["user_regions"]
    ]
    regions = {
        region.slug: region for region in existing_or_new(UserRegion, wanted, by=("slug", "name"), made=made)
    }
    classes = [_class(row, regions, types, made, now=now) for row in rows]
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


def keep_confirmed(class_ids: list[int], *, loaded_at: datetime, now: datetime) -> None:
    """Confirm what is due again of the demo's own classes since it was loaded."""
    since = (loaded_at.date() - now.date()).days
    for workload in WorkloadClass.objects.filter(pk__in=class_ids).order_by("pk"):
        if workload.slug in envelopes.book("workloads")["envelopes"]:
            _confirm(workload, loaded_at=loaded_at, last=since)


def _class(
    row: Mapping[str, Any],
    regions: Mapping[str, UserRegion],
    types: Mapping[str, DeviceType],
    made: DemoObjects,
    *,
    now: datetime,
) -> WorkloadClass:
    """Use as it is what the installation has already under that name or slug."""
    slug = row["slug"]
    known = (
        WorkloadClass.objects.filter(slug=slug).first()
        or WorkloadClass.objects.filter(name=row["name"]).first()
    )
    if known is not None:
        return known
    rates = envelopes.requests_per_s(slug)
    declared_on = now.date() - timedelta(days=envelopes.declared_days_ago(slug))
    workload = operations.declare(
        slug=slug,
        name=row["name"],
        latency_limit_ms=row["latency_limit_ms"],
        users=[(regions[region], rates.get(region)) for region in row["user_regions"]],
        accelerators=[(types.get(key), count) for key, count in envelopes.accelerators(slug).items()],
        declared_on=declared_on,
        **envelopes.columns(slug),
        by=None,
        now=now,
    )
    made.note([workload])
    write_footing(workload, since=declared_on)
    _confirm(workload, loaded_at=now, last=0)
    return workload


def _confirm(workload: WorkloadClass, *, loaded_at: datetime, last: int) -> None:
    days = envelopes.confirmed_days_ago(workload.slug, last=last)
    EnvelopeConfirmation.objects.bulk_create(
        [
            EnvelopeConfirmation(workload_class=workload, confirmed_on=loaded_at.date() - timedelta(days=ago))
            for ago in days
        ],
        ignore_conflicts=True,
    )
