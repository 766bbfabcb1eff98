"""Counts of the whole inventory for its first page."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, IntegerField, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from inventory.models import Accelerator, CoolingUnit, Device, PowerFeed, Rack, Site
from inventory.queries.capacity import Capacity, deployed


@dataclass(frozen=True)
class Totals:
    """`objects` by model; `devices` in service by role; `deployed` at the given instant."""

    objects: dict[type[Model], int]
    devices: Counter[str]
    devices_in_service: int
    accelerators_in_service: int
    sites_by_stage: Counter[str]
    deployed: Capacity


def totals(models: Iterable[type[Model]], *, at: datetime) -> Totals:
    """One statement for each model and four more."""
    roles = Device.objects.active().order_by().values_list("role").annotate(number=Count("pk"))
    devices = Counter(dict(roles))
    return Totals(
        objects={model: model._default_manager.count() for model in models},
        devices=devices,
        devices_in_service=devices.total(),
        accelerators_in_service=Accelerator.objects.active().count(),
        sites_by_stage=Counter(
            dict(Site.objects.order_by().values_list("stage").annotate(number=Count("pk")))
        ),
        deployed=sum(deployed(at=at).values(), Capacity()),
    )


def how_many(rows: QuerySet, through: str) -> Coalesce:
    """The number of these rows that refer to the object, as an annotation."""
    counted = rows.filter(**{through: OuterRef("pk")}).order_by().values(through)
    return Coalesce(
        Subquery(counted.annotate(number=Count("pk")).values("number"), output_field=IntegerField()), 0
    )


def sites_with_counts() -> QuerySet[Site]:
    """Sites with the counts of their objects in service."""
    in_service = Device.objects.active()
    return Site.objects.select_related("region").annotate(
        racks_here=how_many(Rack.objects.all(), "site"),
        nodes_here=how_many(in_service.filter(role=Device.Role.NODE), "site"),
        accelerators_here=how_many(Accelerator.objects.active(), "device__site"),
        switches_here=how_many(in_service.filter(role=Device.Role.SWITCH), "site"),
        feeds_here=how_many(PowerFeed.objects.all(), "site"),
        cooling_here=how_many(CoolingUnit.objects.all(), "site"),
    )
