"""What is inventoried at sites, as the facts that checks and health are worked out from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.apps import apps

from inventory.models import Accelerator, CoolingUnit, Device, Domain, Link, Port
from inventory.queries import power_feeds
from readiness.scoring.facts import CircuitFact, ObjectKey, Thing

GONE = (Device.Status.PLANNED, Device.Status.RETIRED)
DOMAIN_OF_ROLE = {
    Device.Role.NODE: Domain.COMPUTE,
    Device.Role.SERVER: Domain.COMPUTE,
    Device.Role.STORAGE: Domain.COMPUTE,
    Device.Role.SWITCH: Domain.NETWORK,
    Device.Role.ROUTER: Domain.NETWORK,
    Device.Role.GATEWAY: Domain.NETWORK,
    Device.Role.PDU: Domain.ENERGY,
    Device.Role.UPS: Domain.ENERGY,
    Device.Role.METER: Domain.ENERGY,
}
# Storage has no exporter of its own as a rule, and a meter is the site's: neither is among the objects of
# the check.
UNCOVERED = (Device.Role.STORAGE, Device.Role.METER)


@dataclass(slots=True)
class SiteThings:
    """`names` has the feeds and links too, which are objects of series but not of coverage."""

    things: dict[ObjectKey, Thing] = field(default_factory=dict)
    names: dict[ObjectKey, str] = field(default_factory=dict)
    circuits: list[CircuitFact] = field(default_factory=list)
    loops: dict[int, str] = field(default_factory=dict)

    def count(self, domain: str) -> int:
        """Objects that telemetry should hear from."""
        return sum(
            thing.domain == domain and thing.in_service and thing.covered for thing in self.things.values()
        )


def things_of(site_ids: Collection[int]) -> dict[int, SiteThings]:
    """By site id, every site asked for; six statements."""
    found = {site_id: SiteThings() for site_id in site_ids}
    for gather in (_devices, _accelerators, _ports, _cooling_units):
        for site_id, thing in gather(site_ids):
            found[site_id].things[thing.key] = thing
            found[site_id].names[thing.key] = thing.name
    for site_id, unit_id, name in CoolingUnit.objects.filter(
        site_id__in=site_ids, medium=CoolingUnit.Medium.LIQUID
    ).values_list("site_id", "id", "name"):
        found[site_id].loops[unit_id] = name
    _add_circuits(found, site_ids)
    for link_id, name, *ends in Link.objects.filter(site_a__in=site_ids).values_list(
        "id", "name", "site_a_id", "site_b_id"
    ):
        for site_id in ends:
            if site_id in found:
                found[site_id].names["link", link_id] = name
    return found


def _devices(site_ids: Collection[int]) -> Iterable[tuple[int, Thing]]:
    devices = Device.objects.filter(site_id__in=site_ids).exclude(status__in=GONE).order_by("name", "id")
    columns = ("id", "site_id", "name", "role", "status", "rack_id")
    for device_id, site_id, name, role, status, rack_id in devices.values_list(*columns):
        active = status == Device.Status.ACTIVE
        domain = DOMAIN_OF_ROLE[Device.Role(role)]
        yield (
            site_id,
            Thing(
                key=("device", device_id),
                name=name,
                domain=domain,
                role=role,
                device_id=device_id,
                in_service=active,
                covered=role not in UNCOVERED,
                in_rack=rack_id is not None,
                takes_work=active and domain == Domain.COMPUTE,
            ),
        )


def _accelerators(site_ids: Collection[int]) -> Iterable[tuple[int, Thing]]:
    accelerators = (
        Accelerator.objects.filter(device__site_id__in=site_ids)
        .exclude(status=Accelerator.Status.RETIRED)
        .exclude(device__status__in=GONE)
        .order_by("device__name", "index", "id")
    )
    columns = ("id", "device__site_id", "device_id", "device__name", "index", "status", "device__status")
    for pk, site_id, device_id, device, index, status, device_status in accelerators.values_list(*columns):
        active = status == Accelerator.Status.ACTIVE and device_status == Device.Status.ACTIVE
        yield (
            site_id,
            Thing(
                key=("accelerator", pk),
                name=f"{device} #{index}",
                domain=Domain.COMPUTE,
                device_id=device_id,
                in_service=active,
                takes_work=active,
            ),
        )


def _ports(site_ids: Collection[int]) -> Iterable[tuple[int, Thing]]:
    ports = (
        Port.objects.filter(device__site_id__in=site_ids, status=Port.Status.ACTIVE)
        .exclude(device__status__in=GONE)
        .order_by("device__name", "name", "id")
    )
    columns = ("id", "device__site_id", "device_id", "device__name", "name", "device__status")
    for pk, site_id, device_id, device, name, status in ports.values_list(*columns):
        yield (
            site_id,
            Thing(
                key=("port", pk),
                name=f"{device} {name}",
                domain=Domain.NETWORK,
                device_id=device_id,
                in_service=status == Device.Status.ACTIVE,
            ),
        )


def _cooling_units(site_ids: Collection[int]) -> Iterable[tuple[int, Thing]]:
    units = CoolingUnit.objects.filter(site_id__in=site_ids).order_by("name", "id")
    for pk, site_id, name in units.values_list("id", "site_id", "name"):
        yield site_id, Thing(key=("cooling-unit", pk), name=name, domain=Domain.ENERGY)


def _add_circuits(found: Mapping[int, SiteThings], site_ids: Collection[int]) -> None:
    feeds = power_feeds(site_ids)
    legs: dict[int, set[str]] = defaultdict(set)
    for feed in feeds:
        if feed.rack_id is not None:
            legs[feed.rack_id].add(feed.leg)
    for feed in feeds:
        dual_fed = feed.rack_id is not None and legs[feed.rack_id] >= {"A", "B"}
        found[feed.site_id].circuits.append(CircuitFact(feed.id, feed.name, dual_fed))
        found[feed.site_id].names["feed", feed.id] = feed.name


def withdrawn_at(sites: Iterable[SiteThings]) -> dict[ObjectKey, datetime]:
    """When each device and accelerator that takes no work now was last taken out, by the change history.

    Two statements. An object entered in that state was taken out when it was entered.
    """
    idle: dict[str, list[int]] = {"device": [], "accelerator": []}
    for site in sites:
        for (kind, object_id), thing in site.things.items():
            if kind in idle and not thing.in_service:
                idle[kind].append(object_id)
    return {
        (kind, object_id): at
        for kind, ids in idle.items()
        for object_id, at in _left_service(kind, ids).items()
    }


def _left_service(kind: str, ids: Sequence[int]) -> dict[int, datetime]:
    event: Any = apps.get_model("inventory", f"{kind}event")
    rows = event.objects.filter(pgh_obj_id__in=ids, pgh_label__in=["insert", "update"])
    left: dict[int, datetime] = {}
    was_active: dict[int, bool] = {}
    for object_id, at, status in rows.order_by("pgh_created_at", "pgh_id").values_list(
        "pgh_obj_id", "pgh_created_at", "status"
    ):
        active = status == "active"
        if not active and was_active.get(object_id, True):
            left[object_id] = at
        was_active[object_id] = active
    return left
