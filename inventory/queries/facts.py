"""Facts of sites that checks are applied by, and the power feeds they are judged on."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from inventory.models import Accelerator, CoolingUnit, Device, Port, PowerFeed, Site
from inventory.models.facility import breaker_kw

# Devices that carry traffic between others.
FABRIC_DEVICES = (Device.Role.SWITCH, Device.Role.ROUTER, Device.Role.GATEWAY)


@dataclass(frozen=True)
class SiteFacts:
    """A site as the inventory knows it.

    Counts are of what is in service, and None where no device at all was entered: that is not known rather
    than none. `fabrics` are the kinds of the ports of the accelerators' own network, `vendors_in_path` how
    many manufacturers made the devices that carry traffic. Quantities in kW, °C and s, None where not stated.
    """

    id: int
    slug: str
    name: str
    region_id: int
    region: str
    kind: str
    stage: str
    profiles: frozenset[str]
    country: str
    time_zone: str
    owner: str
    latitude: float | None
    longitude: float | None
    contracted_kw: float | None
    power_step_limit_kw: float | None
    cooling_class: str
    liquid_supply_max_c: float | None
    generator_start_s: float | None
    nodes: int | None
    accelerators: int | None
    ups_units: int | None
    dual_fed_racks: int | None
    liquid_cooled: bool | None
    fabrics: frozenset[str]
    vendors_in_path: int | None


_COLUMNS = [
    *(
        "id",
        "slug",
        "name",
        "region_id",
        "region__name",
        "kind",
        "stage",
        "profiles",
        "country",
        "time_zone",
        "owner",
    ),
    *(
        "latitude",
        "longitude",
        "contracted_kw",
        "power_step_limit_kw",
        "cooling_class",
        "liquid_supply_max_c",
    ),
    "generator_start_s",
]


def site_facts(site_ids: Collection[int] | None = None) -> tuple[SiteFacts, ...]:
    """Sites by name (None: all). Six statements, however many."""
    sites = Site.objects.all() if site_ids is None else Site.objects.filter(pk__in=site_ids)
    rows = list(sites.order_by("name", "pk").values(*_COLUMNS))
    counted = _Counted([row["id"] for row in rows])
    return tuple(_facts(row, counted) for row in rows)


def _facts(row: dict[str, Any], counted: "_Counted") -> SiteFacts:
    row = row | {"region": row["region__name"], "profiles": frozenset(row["profiles"])}
    del row["region__name"]
    for degrees in ("latitude", "longitude"):
        row[degrees] = None if row[degrees] is None else float(row[degrees])
    return SiteFacts(**row, **counted.of(row["id"]))


class _Counted:
    """What is counted over the parts of sites, gathered once for all of them."""

    def __init__(self, site_ids: list[int]) -> None:
        self.devices = _grouped(
            Device.objects.filter(site__in=site_ids),
            "site_id",
            "role",
            "status",
            "device_type__manufacturer_id",
        )
        self.accelerators = _grouped(
            Accelerator.objects.filter(device__site__in=site_ids),
            "device__site_id",
            "status",
            "device__status",
        )
        self.fabrics = _grouped(
            Port.objects.in_service().filter(device__site__in=site_ids, back_end=True),
            "device__site_id",
            "kind",
        )
        self.cooling = _grouped(CoolingUnit.objects.filter(site__in=site_ids), "site_id", "medium")
        self.legs: dict[int, dict[int | None, set[str]]] = defaultdict(lambda: defaultdict(set))
        feeds = PowerFeed.objects.filter(site__in=site_ids).order_by()
        for site_id, rack_id, leg in feeds.values_list("site_id", "rack_id", "leg"):
            self.legs[site_id][rack_id].add(leg)

    def of(self, site_id: int) -> dict[str, Any]:
        devices, accelerators = self.devices[site_id], self.accelerators[site_id]
        active = {key: count for key, count in devices.items() if key[1] == Device.Status.ACTIVE}
        media = {medium for (medium,) in self.cooling[site_id]}
        racks = self.legs[site_id]
        return {
            "nodes": _sum(active, role=Device.Role.NODE) if devices else None,
            "ups_units": _sum(active, role=Device.Role.UPS) if devices else None,
            "accelerators": accelerators[("active", "active")] if devices else None,
            "dual_fed_racks": sum({"A", "B"} <= legs for rack, legs in racks.items() if rack)
            if racks
            else None,
            "liquid_cooled": CoolingUnit.Medium.LIQUID in media if media else None,
            "fabrics": frozenset(kind for (kind,) in self.fabrics[site_id]),
            "vendors_in_path": len({key[2] for key in active if key[0] in FABRIC_DEVICES})
            if devices
            else None,
        }


def _sum(counts: Iterable[Any] | dict[Any, int], *, role: str) -> int:
    return sum(count for key, count in counts.items() if key[0] == role)  # type: ignore[union-attr]


def _grouped(queryset: Any, site: str, *columns: str) -> dict[int, Counter[tuple[Any, ...]]]:
    found: dict[int, Counter[tuple[Any, ...]]] = defaultdict(Counter)
    for site_id, *key, count in queryset.order_by().values_list(site, *columns).annotate(rows=Count("pk")):
        found[site_id][tuple(key)] += count
    return found


@dataclass(frozen=True)
class Feed:
    """A power feed. `device_id` measures it, None: nothing does; `breaker_kw` at a power factor of 1."""

    id: int
    site_id: int
    name: str
    leg: str
    rack_id: int | None
    rack: str
    device_id: int | None
    device: str
    rated_kw: float
    breaker_kw: float | None


def power_feeds(site_ids: Collection[int] | None = None) -> tuple[Feed, ...]:
    """Feeds by site and name. One statement."""
    feeds = PowerFeed.objects.all() if site_ids is None else PowerFeed.objects.filter(site__in=site_ids)
    rows = feeds.order_by("site_id", "name").values_list(
        *("id", "site_id", "name", "leg", "rack_id", "rack__name", "device_id", "device__name", "rated_kw"),
        *("breaker_rating_a", "voltage_v", "phases"),
    )
    return tuple(
        Feed(pk, site, name, leg, rack_id, rack or "", device_id, device or "", rated, breaker_kw(*breaker))
        for pk, site, name, leg, rack_id, rack, device_id, device, rated, *breaker in rows
    )
