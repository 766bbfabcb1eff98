"""The demo fleet as a plan: its objects, their names, and when their capacity was added.

Pure and deterministic: the loader writes the plan to the inventory, and the sender makes series for the same names.
Names, addresses and UUIDs depend only on the data files and the scale.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import ceil, sqrt
from pathlib import Path
from typing import Any, Literal, cast

from readiness.demo.core.halls import PlannedHall, planned_halls
from web import yaml_documents

DATA = Path(__file__).resolve().parent.parent / "data"

Leg = Literal["A", "B", "single"]


@cache
def book(name: str) -> dict[str, Any]:
    """A file of readiness/demo/data, read once."""
    return cast(dict[str, Any], yaml_documents.read((DATA / f"{name}.yaml").read_text(encoding="utf-8")))


# Line-to-line voltage of every feed in the demo.
FEED_VOLTAGE_V = 400.0


@dataclass(frozen=True, slots=True)
class NodeType:
    key: str
    accelerator: str
    vendor: str
    model_name: str
    count: int
    tdp_w: float
    host_w: float
    per_rack: int

    @property
    def nameplate_w(self) -> float:
        return self.count * self.tdp_w + self.host_w


@dataclass(frozen=True, slots=True)
class FabricPlan:
    key: str
    kind: str
    port_gbps: float
    ports_per_node: int
    nodes_per_leaf: int
    nameplate_w: float
    software_version: str


@dataclass(frozen=True, slots=True)
class PlannedPort:
    name: str
    back_end: bool


@dataclass(frozen=True, slots=True)
class PlannedNode:
    name: str
    address: str
    rack: str
    days_ago: int
    uuids: tuple[str, ...]
    ports: tuple[PlannedPort, ...]


@dataclass(frozen=True, slots=True)
class PlannedSwitch:
    """`links` pairs a port of this switch with a switch and port above it; spines have none."""

    name: str
    address: str
    role: Literal["leaf", "spine", "edge"]
    ports: tuple[PlannedPort, ...]
    links: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class PlannedFeed:
    """A circuit and the device that measures it. `rack` is empty for the site's own A and B supplies."""

    name: str
    leg: Leg
    rack: str
    device: str
    address: str
    rated_kw: float
    breaker_rating_a: float
    phases: int


@dataclass(frozen=True, slots=True)
class PlannedCooling:
    name: str
    address: str
    medium: Literal["air", "liquid"]
    capacity_kw: float


@dataclass(frozen=True, slots=True)
class PlannedUps:
    name: str
    address: str
    leg: Leg
    rated_kw: float


@dataclass(frozen=True, slots=True)
class SitePlan:
    facts: Mapping[str, Any]
    node_type: NodeType
    fabric: FabricPlan
    spine: FabricPlan
    racks: tuple[str, ...]
    nodes: tuple[PlannedNode, ...]
    switches: tuple[PlannedSwitch, ...]
    feeds: tuple[PlannedFeed, ...]
    ups: tuple[PlannedUps, ...]
    cooling: tuple[PlannedCooling, ...]
    halls: tuple[PlannedHall, ...]
    waves: tuple[tuple[int, int], ...]

    @property
    def name(self) -> str:
        return str(self.facts["name"])

    @property
    def slug(self) -> str:
        return self.name.lower()

    @property
    def it_kw(self) -> float:
        """IT power at name plate: nodes, switches and the racks of other halls, kW."""
        switches_kw = len(self.switches) * self.fabric.nameplate_w / 1000
        return _racks_kw(self.node_type, len(self.nodes), self.halls) + switches_kw

    @property
    def accelerators(self) -> int:
        """Those of the inventory and those of the halls that report by rack."""
        return len(self.nodes) * self.node_type.count + sum(hall.accelerators for hall in self.halls)

    @property
    def hall_racks(self) -> tuple[str, ...]:
        return tuple(rack for hall in self.halls for rack in hall.racks)

    @property
    def main_meter(self) -> str:
        """The meter at the site's supply, which measures the load of the whole site."""
        return f"{self.slug}-main-meter"

    @property
    def contracted_kw(self) -> float:
        """Power at the meter: IT at name plate with 1.25 for cooling and losses, in steps of 10 kW."""
        return float(max(10, 10 * ceil(self.it_kw * 1.25 / 10)))

    def wave_it_kw(self, nodes: int) -> float:
        """The other halls grew with the nodes, in the same shares."""
        return self.it_kw * nodes / len(self.nodes)

    def wave_accelerators(self, nodes: int) -> int:
        return round(self.accelerators * nodes / len(self.nodes))


@dataclass(frozen=True, slots=True)
class FleetPlan:
    fleet: Mapping[str, Any]
    hardware: Mapping[str, Any]
    sites: tuple[SitePlan, ...]


def fleet_plan(*, scale: int = 1, names: Collection[str] | None = None) -> FleetPlan:
    """Plan every site, or only the named ones; `scale` multiplies the nodes of each wave."""
    fleet, hardware = book("fleet"), book("hardware")
    sites = tuple(
        site_plan(facts, hardware, number=number, scale=scale)
        for number, facts in enumerate(fleet["sites"], start=1)
        if names is None or facts["name"] in names
    )
    return FleetPlan(fleet=fleet, hardware=hardware, sites=sites)


def site_plan(facts: Mapping[str, Any], hardware: Mapping[str, Any], *, number: int, scale: int) -> SitePlan:
    node_type = _node_type(facts["node"], hardware)
    fabric = _fabric(facts["fabric"], hardware)
    slug = str(facts["name"]).lower()
    waves = tuple((int(days), int(count) * scale) for days, count in facts["waves"])
    nodes = tuple(_nodes(slug, number, node_type, fabric, waves))
    racks = tuple(dict.fromkeys(node.rack for node in nodes))
    halls = planned_halls(facts, hardware)
    heat_kw = _racks_kw(node_type, len(nodes), halls)
    is_small = "edge" in facts["profiles"]
    return SitePlan(
        facts=facts,
        node_type=node_type,
        fabric=fabric,
        spine=_spine(facts, hardware),
        racks=racks,
        nodes=nodes,
        switches=tuple(_switches(slug, number, fabric, len(nodes), is_small=is_small)),
        feeds=tuple(_feeds(slug, number, facts, node_type, nodes, racks, halls)),
        ups=tuple(_ups(slug, number, heat_kw, is_small=is_small)),
        cooling=tuple(_cooling(slug, number, facts, heat_kw, is_small=is_small)),
        halls=halls,
        waves=waves,
    )


def _node_type(key: str, hardware: Mapping[str, Any]) -> NodeType:
    node = hardware["nodes"][key]
    accelerator = hardware["accelerators"][node["accelerator"]]
    return NodeType(
        key=key,
        accelerator=node["accelerator"],
        vendor=accelerator["manufacturer"],
        model_name=accelerator["model"],
        count=node["count"],
        tdp_w=accelerator["tdp_w"],
        host_w=node["host_w"],
        per_rack=node["per_rack"],
    )


def _fabric(key: str, hardware: Mapping[str, Any]) -> FabricPlan:
    fields = hardware["fabrics"][key]
    return FabricPlan(
        key=key,
        **{name: fields[name] for name in FabricPlan.__slots__ if name != "key"},
    )


def _spine(facts: Mapping[str, Any], hardware: Mapping[str, Any]) -> FabricPlan:
    """The spines' product, at the site's own version if it states one."""
    product = _fabric(facts.get("spine", facts["fabric"]), hardware)
    return replace(product, software_version=facts.get("spine_software", product.software_version))


def _uuid(name: str, index: int) -> str:
    digest = hashlib.sha256(f"{name}/{index}".encode()).hexdigest()
    return f"GPU-{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"


def _address(site: int, block: int, host: int) -> str:
    return f"10.{site}.{block + host // 250}.{host % 250 + 1}"


def _nodes(
    slug: str, number: int, node_type: NodeType, fabric: FabricPlan, waves: Sequence[tuple[int, int]]
) -> list[PlannedNode]:
    days = [days_ago for days_ago, count in waves for _ in range(count)]
    prefix = {"infiniband": "mlx5_", "roce": "enp", "ethernet": "eth"}[fabric.kind]
    ports = tuple(
        PlannedPort(f"{prefix}{port}", fabric.kind != "ethernet") for port in range(fabric.ports_per_node)
    )
    return [
        PlannedNode(
            name=f"{slug}-n{index + 1:03d}",
            address=_address(number, 0, index),
            rack=f"R{index // node_type.per_rack + 1:02d}",
            days_ago=days_ago,
            uuids=tuple(_uuid(f"{slug}-n{index + 1:03d}", gpu) for gpu in range(node_type.count)),
            ports=ports,
        )
        for index, days_ago in enumerate(days)
    ]


def _switch_port(fabric: FabricPlan, place: int) -> str:
    """An InfiniBand switch counts its ports by chassis, cage and port of the cage, which holds two."""
    if fabric.kind == "infiniband":
        return f"1/{place // 2 + 1}/{place % 2 + 1}"
    return f"Ethernet{place + 1}"


def _switches(
    slug: str, number: int, fabric: FabricPlan, nodes: int, *, is_small: bool
) -> list[PlannedSwitch]:
    if nodes == 0:
        return []
    if is_small:
        uplink = (PlannedPort("Ethernet1", False),)
        return [PlannedSwitch(f"{slug}-sw1", _address(number, 10, 0), "edge", uplink, ())]
    leaves = ceil(nodes / fabric.nodes_per_leaf)
    spines = 2
    built = []
    for leaf in range(leaves):
        name = f"{slug}-leaf{leaf + 1}"
        uplinks = tuple(PlannedPort(_switch_port(fabric, spine), True) for spine in range(spines))
        links = tuple(
            (_switch_port(fabric, s), f"{slug}-spine{s + 1}", _switch_port(fabric, leaf))
            for s in range(spines)
        )
        built.append(PlannedSwitch(name, _address(number, 10, leaf), "leaf", uplinks, links))
    downlinks = tuple(PlannedPort(_switch_port(fabric, leaf), True) for leaf in range(leaves))
    built += [
        PlannedSwitch(f"{slug}-spine{s + 1}", _address(number, 10, 100 + s), "spine", downlinks, ())
        for s in range(spines)
    ]
    return built


def _racks_kw(node_type: NodeType, nodes: int, halls: Sequence[PlannedHall]) -> float:
    """Name plate of all racks without their switches, kW."""
    return nodes * node_type.nameplate_w / 1000 + sum(hall.it_kw for hall in halls)


def _feeds(
    slug: str,
    number: int,
    facts: Mapping[str, Any],
    node_type: NodeType,
    nodes: Sequence[PlannedNode],
    racks: Sequence[str],
    halls: Sequence[PlannedHall],
) -> list[PlannedFeed]:
    """Two PDUs a rack, each rated so that half the rack's name plate is 36 % of it.

    The share that a leg may carry is 40 %, so that the other leg can take both; this leaves some room. `feed_a` of a
    site names breakers that were chosen by what a rack draws, in amperes.
    """
    feeds: list[PlannedFeed] = []
    legs: tuple[Leg, Leg] = ("A", "B")
    filled = Counter(node.rack for node in nodes)
    loads = {rack: filled[rack] * node_type.nameplate_w / 1000 for rack in racks}
    loads |= {rack: hall.rack_kw for hall in halls for rack in hall.racks}
    for position, (rack, load_kw) in enumerate(loads.items()):
        usual_amps = 16 * ceil(load_kw / 2 / 0.36 / _feed_kw(1) / 16)
        amps = facts.get("feed_a", {}).get(rack, usual_amps)
        for side, leg in enumerate(legs):
            feeds.append(
                PlannedFeed(
                    name=f"{rack}-{leg}",
                    leg=leg,
                    rack=rack,
                    device=f"{slug}-{rack.lower()}-pdu-{leg.lower()}",
                    address=_address(number, 20 + side * 10, position),
                    rated_kw=round(_feed_kw(amps), 1),
                    breaker_rating_a=float(amps),
                    phases=3,
                )
            )
    return feeds


def _feed_kw(amps: float) -> float:
    return sqrt(3) * FEED_VOLTAGE_V * amps / 1000


def _ups(slug: str, number: int, load_kw: float, *, is_small: bool) -> list[PlannedUps]:
    """One UPS on each side, each able to carry the IT load alone at 70 %; a small site has only one."""
    if not load_kw:
        return []
    rated_kw = float(ceil(load_kw / 0.7))
    legs: tuple[Leg, ...] = ("single",) if is_small else ("A", "B")
    return [
        PlannedUps(
            f"{slug}-ups{'' if leg == 'single' else '-' + leg.lower()}",
            _address(number, 50, index),
            leg,
            rated_kw,
        )
        for index, leg in enumerate(legs)
    ]


# Capacity of one cooling unit in kW: at a site of one hall, and where there are several.
_UNIT_KW = {"air": (120.0, 500.0), "liquid": (500.0, 2000.0)}


def _cooling(
    slug: str, number: int, facts: Mapping[str, Any], heat_kw: float, *, is_small: bool
) -> list[PlannedCooling]:
    if not heat_kw:
        return []
    medium: Literal["air", "liquid"] = "liquid" if facts["cooling_class"] == "H1" else "air"
    unit_kw = _UNIT_KW[medium]["halls" in facts]
    units = max(1 if is_small else 2, ceil(heat_kw / unit_kw) + 1)
    stem = "cdu" if medium == "liquid" else "crah"
    return [
        PlannedCooling(f"{slug}-{stem}{unit + 1}", _address(number, 40, unit), medium, unit_kw)
        for unit in range(units)
    ]
