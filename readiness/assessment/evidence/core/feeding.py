"""Which meters see the same power: a PDU and what it feeds, a node and its accelerators, one level of a site and the
next."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from readiness.assessment.evidence.core.load import PDU, MeteringLevel, level_of

PASS_ON = frozenset({PDU, "ups", "meter"})
"""Roles of devices that power passes through: they are no loads of their rack."""


@dataclass(frozen=True, slots=True)
class PlacedDevice:
    id: int
    name: str
    role: str
    rack_id: int | None


@dataclass(frozen=True, slots=True)
class FeedPlace:
    """A power feed; `device_id` is the meter of it."""

    device_id: int | None
    rack_id: int | None


@dataclass(frozen=True, slots=True)
class FedRacks:
    """Meters that feed the same racks, and the loads of these racks."""

    meters: frozenset[int]
    loads: frozenset[int]
    level: MeteringLevel


def fed_racks(feeds: Iterable[FeedPlace], devices: Mapping[int, PlacedDevice]) -> list[FedRacks]:
    """Group racks and meters that belong together. A rack with a feed that nobody meters makes its group incomparable,
    and so does a meter of which a feed goes elsewhere."""
    racks_of: dict[int, set[int]] = defaultdict(set)
    meters_of: dict[int, set[int]] = defaultdict(set)
    blind_meters, blind_racks = set(), set()
    for feed in feeds:
        if feed.device_id is None or feed.rack_id is None:
            blind_racks |= {feed.rack_id} - {None}
            blind_meters |= {feed.device_id} - {None}
            continue
        racks_of[feed.device_id].add(feed.rack_id)
        meters_of[feed.rack_id].add(feed.device_id)
    loads_of: dict[int | None, set[int]] = defaultdict(set)
    for device in devices.values():
        if device.role not in PASS_ON:
            loads_of[device.rack_id].add(device.id)
    groups = []
    grouped: set[int] = set()
    for meter in sorted(racks_of):
        if meter in grouped:
            continue
        meters, racks = _together(meter, racks_of, meters_of)
        grouped |= meters
        known_meters = meters <= devices.keys() and not meters & blind_meters
        level = (
            level_of(devices[meter].role, in_rack=devices[meter].rack_id is not None)
            if known_meters
            else None
        )
        loads = frozenset(load for rack in racks for load in loads_of[rack])
        if level is not None and not racks & blind_racks and loads:
            groups.append(FedRacks(frozenset(meters), loads, level))
    return groups


def feed_all_of(
    meters: Collection[int],
    device_ids: Iterable[int],
    devices: Mapping[int, PlacedDevice],
    feeds: Iterable[FeedPlace],
) -> bool:
    """Whether the racks of these devices have feeds, and all of these are of the meters: then their power is behind
    them."""
    racks = {devices[device_id].rack_id if device_id in devices else None for device_id in device_ids}
    meters_by_rack: dict[int | None, set[int | None]] = defaultdict(set)
    for feed in feeds:
        meters_by_rack[feed.rack_id].add(feed.device_id)
    return None not in racks and all(
        meters_by_rack[rack] and meters_by_rack[rack] <= set(meters) for rack in racks
    )


def _together(
    first: int, racks_of: Mapping[int, Collection[int]], meters_of: Mapping[int, Collection[int]]
) -> tuple[set[int], set[int]]:
    meters, racks, next_meters = set(), set(), {first}
    while next_meters:
        meters |= next_meters
        racks |= {rack for meter in next_meters for rack in racks_of[meter]}
        next_meters = {meter for rack in racks for meter in meters_of[rack]} - meters
    return meters, racks
