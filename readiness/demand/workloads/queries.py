"""Read workload classes as envelopes, and their placements."""

from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import date
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet

from readiness.demand.workloads.core.envelope import (
    AcceleratorNeed,
    CostUnit,
    Criticality,
    DataCategory,
    Envelope,
    UserDemand,
    WorkloadKind,
)
from readiness.demand.workloads.models import (
    COLUMNS,
    AcceleratorDemand,
    Placement,
    ServedRegion,
    WorkloadClass,
)

_MADE = {"kind", "criticality", "cost_unit", "data_categories"}
_SAME = [field.name for field in fields(Envelope) if field.name in {*COLUMNS} - _MADE]
"""Columns that an envelope has unchanged."""


def envelopes(slugs: Collection[str] | None = None) -> tuple[Envelope, ...]:
    """The envelope of every class, or of the named ones, by slug; four statements for any number."""
    classes = whole(WorkloadClass.objects.order_by("slug"))
    return tuple(map(envelope_of, classes if slugs is None else classes.filter(slug__in=slugs)))


def whole(classes: QuerySet[WorkloadClass]) -> QuerySet[WorkloadClass]:
    """Add everything that an envelope needs to the classes; three more statements."""
    return classes.prefetch_related(
        Prefetch("accelerators", AcceleratorDemand.objects.select_related("device_type")),
        Prefetch("served", ServedRegion.objects.select_related("user_region")),
        "confirmations",
    )


def envelope_of(workload: WorkloadClass) -> Envelope:
    confirmed_on = (each.confirmed_on for each in workload.confirmations.all())
    return built(workload, workload.accelerators.all(), workload.served.all(), confirmed_on=confirmed_on)


def built(
    workload: WorkloadClass,
    accelerators: Iterable[AcceleratorDemand],
    served: Iterable[ServedRegion],
    *,
    confirmed_on: Iterable[date] = (),
) -> Envelope:
    needs = sorted(map(_need, accelerators), key=lambda need: need.type or "")
    return Envelope(
        **{name: getattr(workload, name) for name in _SAME},
        kind=WorkloadKind(workload.kind) if workload.kind else None,
        criticality=Criticality(workload.criticality),
        accelerators=tuple(needs),
        users=tuple(sorted(map(_users, served), key=lambda users: users.region)),
        cost_unit=CostUnit(workload.cost_unit) if workload.cost_unit else None,
        allowed=frozenset(workload.allowed_jurisdictions),
        forbidden=frozenset(workload.forbidden_jurisdictions),
        data_categories=frozenset(map(DataCategory, workload.data_categories)),
        confirmed_on=tuple(sorted(confirmed_on)),
    )


def values_of(workload: WorkloadClass) -> dict[str, Any]:
    needs = [
        {"type": row.device_type.slug if row.device_type else "", "count": row.count}
        for row in workload.accelerators.all()
    ]
    users = [
        {"region": row.user_region.slug, "requests_per_s": row.requests_per_s}
        for row in workload.served.all()
    ]
    return {**{name: getattr(workload, name) for name in COLUMNS}, "accelerators": needs, "users": users}


def classes(*, day: date) -> QuerySet[WorkloadClass]:
    """All classes with `sites`, the number of sites of their placements on that day, and those placements."""
    holds = Q(placements__started_on__lte=day) & (
        Q(placements__ended_on__isnull=True) | Q(placements__ended_on__gte=day)
    )
    current = Placement.objects.holding_on(day).select_related("site").order_by("site__name", "pk")
    return (
        whole(WorkloadClass.objects.all())
        .annotate(sites=Count("placements", filter=holds, distinct=True))
        .prefetch_related(Prefetch("placements", current, to_attr="current_placements"))
        .order_by("name", "pk")
    )


def placements_of(workload: WorkloadClass) -> QuerySet[Placement]:
    return workload.placements.select_related("site").order_by("-started_on", "-pk")


def _need(row: AcceleratorDemand) -> AcceleratorNeed:
    if row.device_type is None:
        return AcceleratorNeed(count=row.count)
    tdp_w = row.device_type.attributes.get("tdp_w", row.device_type.nameplate_w)
    return AcceleratorNeed(count=row.count, type=row.device_type.slug, name=str(row.device_type), tdp_w=tdp_w)


def _users(row: ServedRegion) -> UserDemand:
    region = row.user_region
    is_located = region.latitude is not None and region.longitude is not None
    return UserDemand(
        region=region.slug,
        name=region.name,
        requests_per_s=row.requests_per_s,
        place=(float(region.latitude), float(region.longitude)) if is_located else None,  # type: ignore[arg-type]
    )


def running(slugs: Collection[str], *, day: date) -> dict[str, tuple[str, ...]]:
    rows = (
        Placement.objects.holding_on(day).filter(workload_class__slug__in=slugs).order_by("site__name", "pk")
    )
    sites: dict[str, tuple[str, ...]] = {}
    for slug, site in rows.values_list("workload_class__slug", "site__slug"):
        sites[slug] = tuple(dict.fromkeys((*sites.get(slug, ()), site)))
    return sites
