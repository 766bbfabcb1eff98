"""User regions, workload classes with their envelopes, the law of their data, and their placements."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from inventory.models import DeviceType, Site
from readiness.demand.jurisdiction.models import DataOrigin, HeldBasis
from readiness.demand.workloads import operations
from readiness.demand.workloads.models import EnvelopeConfirmation, Placement, UserRegion, WorkloadClass
from readiness.demo.core.plan import FleetPlan, book
from readiness.demo.operations.made import DemoObjects, written


def write_workloads(
    plan: FleetPlan,
    sites: Mapping[str, Site],
    types: Mapping[str, DeviceType],
    objects: DemoObjects,
    *,
    now: datetime,
) -> None:
    """Write the classes placed at any of these sites.

    A class is placed from the day of its site's first capacity. `types` are accelerators by key of hardware.yaml.
    """
    rows = [row for row in plan.fleet["workload_classes"] if set(row["sites"]) & set(sites)]
    regions = written(UserRegion, plan.fleet["user_regions"], objects)
    classes = [_class(row, regions, types, objects, now=now) for row in rows]
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
    since = (loaded_at.date() - now.date()).days
    for workload in WorkloadClass.objects.filter(pk__in=class_ids).order_by("pk"):
        if workload.slug in book("workloads")["envelopes"]:
            _confirm(workload, loaded_at=loaded_at, last=since)


def _class(
    row: Mapping[str, Any],
    regions: Mapping[str, UserRegion],
    types: Mapping[str, DeviceType],
    objects: DemoObjects,
    *,
    now: datetime,
) -> WorkloadClass:
    slug = row["slug"]
    classes = WorkloadClass.objects
    workload = classes.filter(slug=slug).first() or classes.filter(name=row["name"]).first()
    if workload is not None:
        return workload
    envelope = book("workloads")["envelopes"][slug]
    declared_on = now.date() - timedelta(days=envelope["declared"])
    rates = envelope.get("requests_per_s", {})
    workload = operations.declare(
        slug=slug,
        name=row["name"],
        latency_limit_ms=row["latency_limit_ms"],
        users=[(regions[region], rates.get(region)) for region in row["user_regions"]],
        accelerators=[(types.get(key), count) for key, count in envelope["accelerators"].items()],
        declared_on=declared_on,
        **columns(envelope),
        by=None,
        now=now,
    )
    objects.note([workload])
    _write_footing(workload, since=declared_on)
    _confirm(workload, loaded_at=now, last=0)
    return workload


def columns(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """Return the declared fields of the class, except name, latency limit and rows, under the product's field names."""
    ceiling, currency, unit = envelope["cost"]
    same = ("description", "kind", "criticality", "it_kw", "bandwidth_gbps", "source")
    limits = ("carbon_g_per_kwh", "carbon_kg_per_month", "min_score")
    return {
        **{name: envelope[name] for name in same},
        **{name: envelope.get(name) for name in limits},
        **{name: envelope.get(name, "") for name in ("residency", "min_verdict")},
        "cost_ceiling": ceiling,
        "cost_currency": currency,
        "cost_unit": unit,
        "allowed_jurisdictions": envelope["allowed"],
        "data_categories": envelope["data"],
        "deferrable_h": envelope.get("deferrable_h", 0),
        "provenance": "simulated",
        "served_models": envelope.get("models", []),
    }


def _write_footing(workload: WorkloadClass, *, since: date) -> None:
    """Write the law of the class's data and the bases on record; both are removed with the class."""
    DataOrigin.objects.bulk_create(
        DataOrigin(workload_class=workload, country=country, note="Simulated")
        for country in book("footing")["origins"].get(workload.slug, ())
    )
    HeldBasis.objects.bulk_create(
        HeldBasis(workload_class=workload, basis=basis, held_from=since, reference=reference)
        for basis, reference in book("footing")["bases"].get(workload.slug, {}).items()
    )


def confirmed_days_ago(slug: str, *, last: int = 0) -> list[int]:
    """Days before the loading on which the envelope was confirmed, oldest first, until `last`; negative: after the
    loading."""
    workload_book = book("workloads")
    first = workload_book["envelopes"][slug]["declared"] - workload_book["renewed"]
    return list(range(first, last - 1, -workload_book["renewed"]))


def _confirm(workload: WorkloadClass, *, loaded_at: datetime, last: int) -> None:
    EnvelopeConfirmation.objects.bulk_create(
        [
            EnvelopeConfirmation(workload_class=workload, confirmed_on=loaded_at.date() - timedelta(days=ago))
            for ago in confirmed_days_ago(workload.slug, last=last)
        ],
        ignore_conflicts=True,
    )
