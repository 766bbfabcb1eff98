"""Facts of sites that decide which checks apply, and the power feeds that checks use."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection

from inventory.core import ACCELERATOR, FABRIC_DEVICES, Equipment, SiteFacts
from inventory.models import Accelerator, CoolingUnit, Device, Port, PowerFeed, Site
from inventory.models.facility import breaker_kw

NOT_INSTALLED = (Device.Status.PLANNED, Device.Status.RETIRED)

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
    """Sites by name (None: all). Two statements, however many."""
    sites = Site.objects.all() if site_ids is None else Site.objects.filter(pk__in=site_ids)
    rows = list(sites.order_by("name", "pk").values(*_COLUMNS))
    counted = _Counted([row["id"] for row in rows])
    return tuple(_facts(row, counted) for row in rows)


def _facts(row: dict[str, Any], counted: "_Counted") -> SiteFacts:
    row = row | {"region": row["region__name"], "profiles": frozenset(row["profiles"])}
    del row["region__name"]
    for degrees in ("latitude", "longitude"):
        row[degrees] = None if row[degrees] is None else float(row[degrees])
    return SiteFacts(**row, **counted.site_counts(row["id"]))


# What the facts of sites are counted from: of which kind it is, at which site, up to three words about it, of which
# device type by whom, how many.
_COUNTS = """
SELECT counted.kind, counted.site_id, counted.first, counted.second, counted.third,
    counted.type_id, maker.slug, maker.name, counted.count
FROM (
    SELECT 'device' AS kind, site_id, role AS first, status AS second, NULL AS third, device_type_id AS type_id,
        count(*) AS count
    FROM inventory_device WHERE site_id = ANY(%(sites)s) GROUP BY 2, 3, 4, 6
    UNION ALL
    SELECT 'accelerator', device.site_id, part.status, device.status, NULL, part.device_type_id, count(*)
    FROM inventory_accelerator part JOIN inventory_device device ON device.id = part.device_id
    WHERE device.site_id = ANY(%(sites)s) GROUP BY 2, 3, 4, 6
    UNION ALL
    SELECT 'fabric', device.site_id, port.kind, port.status, device.status, NULL, count(*)
    FROM inventory_port port JOIN inventory_device device ON device.id = port.device_id
    WHERE device.site_id = ANY(%(sites)s) AND port.back_end GROUP BY 2, 3, 4, 5
    UNION ALL
    SELECT 'cooling', site_id, medium, NULL, NULL, NULL, count(*) FROM inventory_coolingunit
    WHERE site_id = ANY(%(sites)s) GROUP BY 2, 3
    UNION ALL
    SELECT 'rack without nodes', site_id, NULL, NULL, NULL, NULL, count(DISTINCT rack_id)
    FROM inventory_powerfeed feed
    WHERE site_id = ANY(%(sites)s) AND rack_id IS NOT NULL AND device_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM inventory_device device WHERE device.rack_id = feed.rack_id AND device.role = 'node')
    GROUP BY 2
    UNION ALL
    SELECT 'feed', site_id, rack_id::text, leg, NULL, NULL, count(*) FROM inventory_powerfeed
    WHERE site_id = ANY(%(sites)s) GROUP BY 2, 3, 4
) AS counted
LEFT JOIN inventory_devicetype made ON made.id = counted.type_id
LEFT JOIN inventory_manufacturer maker ON maker.id = made.manufacturer_id
"""

type Word = str | int | None
type Counts = dict[tuple[Word, ...], int]


class _Counted:
    """Counts over the parts of sites, gathered once for all of them."""

    def __init__(self, site_ids: list[int]) -> None:
        self._counts: dict[tuple[str, int], Counts] = defaultdict(dict)
        if site_ids:
            with connection.cursor() as cursor:
                cursor.execute(_COUNTS, {"sites": site_ids})
                for kind, site_id, *words, count in cursor.fetchall():
                    self._counts[kind, site_id][tuple(words)] = count

    def site_counts(self, site_id: int) -> dict[str, Any]:
        devices, accelerators = self._counts["device", site_id], self._counts["accelerator", site_id]
        active = {key: count for key, count in devices.items() if key[1] == Device.Status.ACTIVE}
        media = frozenset(str(key[0]) for key in self._counts["cooling", site_id])
        racks: dict[Word, set[Word]] = defaultdict(set)
        for rack, leg, *_ in self._counts["feed", site_id]:
            racks[rack].add(leg)
        return {
            "nodes": _sum(active, role=Device.Role.NODE) if devices else None,
            "ups_units": _sum(active, role=Device.Role.UPS) if devices else None,
            "accelerators": sum(
                count for key, count in accelerators.items() if key[:2] == ("active", "active")
            )
            if devices
            else None,
            "dual_fed_racks": sum({"A", "B"} <= legs for rack, legs in racks.items() if rack)
            if racks
            else None,
            "liquid_cooled": CoolingUnit.Medium.LIQUID in media if media else None,
            "racks_metered_alone": sum(self._counts["rack without nodes", site_id].values()),
            "fabrics": frozenset(
                str(kind)
                for kind, port, device, *_ in self._counts["fabric", site_id]
                if (port, device) == (Port.Status.ACTIVE, Device.Status.ACTIVE)
            ),
            "vendors_in_path": len({key[4] for key in active if key[0] in FABRIC_DEVICES})
            if devices
            else None,
            "cooling_media": media,
            "equipment": _equipment(devices, accelerators),
        }


def _equipment(devices: Counts, accelerators: Counts) -> tuple[Equipment, ...]:
    counts: dict[tuple[Any, ...], int] = defaultdict(int)
    for (role, status, _, *product), count in devices.items():
        if status not in NOT_INSTALLED:
            counts[role, *product] += count
    for (status, device, _, *product), count in accelerators.items():
        if status != Accelerator.Status.RETIRED and device not in NOT_INSTALLED:
            counts[ACCELERATOR, *product] += count
    return tuple(Equipment(*product, count) for product, count in sorted(counts.items()))


def _sum(counts: Counts, *, role: str) -> int:
    return sum(count for key, count in counts.items() if key[0] == role)


@dataclass(frozen=True)
class Feed:
    """A power feed. `device_id` is the device that measures it, None without one; `breaker_kw` is at a power factor of
    1."""

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
    feeds = PowerFeed.objects.all() if site_ids is None else PowerFeed.objects.filter(site__in=site_ids)
    rows = feeds.order_by("site_id", "name").values_list(
        *("id", "site_id", "name", "leg", "rack_id", "rack__name", "device_id", "device__name", "rated_kw"),
        *("breaker_rating_a", "voltage_v", "phases"),
    )
    return tuple(
        Feed(pk, site, name, leg, rack_id, rack or "", device_id, device or "", rated, breaker_kw(*breaker))
        for pk, site, name, leg, rack_id, rack, device_id, device, rated, *breaker in rows
    )
