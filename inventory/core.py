"""Values of the inventory that arithmetic of other rooms uses."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

FABRIC_DEVICES = ("switch", "router", "gateway")
"""Roles of devices that carry traffic between others."""
ACCELERATOR = "accelerator"
"""The role of accelerators among equipment."""


@dataclass(frozen=True, slots=True)
class Equipment:
    """Number of devices of one type at a site. `role` is the devices' role, or `accelerator`."""

    role: str
    device_type_id: int
    vendor: str
    vendor_name: str
    count: int


@dataclass(frozen=True)
class SiteFacts:
    """A site as the inventory describes it.

    Counts cover equipment in service and are None if no device at all was entered: not known rather than none.
    `fabrics` are the kinds of ports in the accelerators' own network, `vendors_in_path` the number of manufacturers of
    devices that carry traffic. Quantities are in kW, °C and s, None if not stated. `equipment` is everything neither
    planned nor retired, because drained or failed equipment still needs people. `racks_metered_alone` are racks with a
    measured feed and no node: all that is known of them is their power.
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
    cooling_media: frozenset[str] = frozenset()
    equipment: tuple[Equipment, ...] = ()
    racks_metered_alone: int = 0


def smallest_region(regions: Iterable[int], parents: Mapping[int, int | None]) -> int | None:
    """Return the smallest region that is, or contains, each of these; None if there is none. `parents` are
    by region.
    """
    ways_up = [regions_outwards(region, parents) for region in regions]
    if not ways_up:
        return None
    shared = set.intersection(*map(set, ways_up))
    return next((region for region in ways_up[0] if region in shared), None)


def regions_outwards(region: int, parents: Mapping[int, int | None]) -> tuple[int, ...]:
    """A region and those around it, the nearest first. `parents` has the region around each."""
    outwards: list[int] = []
    current: int | None = region
    while current is not None and current not in outwards:
        outwards.append(current)
        current = parents.get(current)
    return tuple(outwards)
