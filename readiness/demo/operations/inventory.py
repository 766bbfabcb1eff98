"""Products, regions, and sites with their racks, power, cooling, devices, ports and cables.

Products and regions that the installation already has under the same name are reused.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from inventory.models import Device, DeviceType, DomainChoices, Manufacturer, Region, Site
from readiness.demo.building import SiteRows, write
from readiness.demo.core import shapes
from readiness.demo.core.plan import (
    FEED_VOLTAGE_V,
    FabricPlan,
    FleetPlan,
    PlannedNode,
    PlannedSwitch,
    SitePlan,
)
from readiness.demo.core.series import DRIVERS
from readiness.demo.operations.made import DemoObjects, existing_or_new, written

Kind, Role = DeviceType.Kind, Device.Role

TOP_OF_RACK_U = 48
# Share of the contracted power that an interconnection allows as a step; the demo's own choice.
STEP_SHARE = 0.5
BACKBONE = "Corvale backbone (fictional)"


class SiteTaken(Exception):
    """The inventory already has a site with a name that the demo uses, so the demo cannot be loaded."""


@dataclass(frozen=True)
class Catalogue:
    """Manufacturers and device types by the key that hardware.yaml gives them; the installation may use other slugs."""

    manufacturers: Mapping[str, Manufacturer]
    accelerators: Mapping[str, DeviceType]
    nodes: Mapping[str, DeviceType]
    switches: Mapping[str, DeviceType]
    power: Mapping[str, DeviceType]


def write_catalogue(hardware: Mapping[str, Any], objects: DemoObjects) -> Catalogue:
    makers = written(Manufacturer, hardware["manufacturers"], objects)
    groups = {"accelerators": "accelerators", "nodes": "nodes", "switches": "fabrics", "power": "power"}
    planned = {
        group: {key: _device_type(group, key, row, hardware, makers) for key, row in hardware[rows].items()}
        for group, rows in groups.items()
    }
    device_types = [device_type for keyed in planned.values() for device_type in keyed.values()]
    stored = {
        row.slug: row for row in existing_or_new(DeviceType, device_types, by=("slug",), objects=objects)
    }
    return Catalogue(
        manufacturers=makers,
        **{
            group: {key: stored[device_type.slug] for key, device_type in keyed.items()}
            for group, keyed in planned.items()
        },
    )


def _device_type(
    group: str,
    key: str,
    row: Mapping[str, Any],
    hardware: Mapping[str, Any],
    makers: Mapping[str, Manufacturer],
) -> DeviceType:
    device_type = DeviceType(
        manufacturer=makers[row["manufacturer"]],
        model=row["model"],
        source=row["source"],
        slug=f"{row['manufacturer']}-{key}",
        **_nameplate(group, key, row, hardware["accelerators"]),
    )
    # Bulk writes call neither of these methods.
    device_type.clean_fields(exclude=["manufacturer"])
    device_type.clean()
    return device_type


def _nameplate(
    group: str, key: str, row: Mapping[str, Any], accelerators: Mapping[str, Any]
) -> dict[str, Any]:
    attributes: dict[str, Any]
    if group == "accelerators":
        attributes = {name: row[name] for name in ("tdp_w", "memory_gb", "interconnect")}
        kind, domain, nameplate_w = Kind.ACCELERATOR, DomainChoices.COMPUTE, row["tdp_w"]
    elif group == "nodes":
        accelerator = accelerators[row["accelerator"]]
        attributes = {"accelerator_count": row["count"], "accelerator_model": accelerator["model"]}
        attributes |= {name: row[name] for name in ("idle_w", "typical_w", "peak_w")}
        kind, domain = Kind.NODE, DomainChoices.COMPUTE
        nameplate_w = row["count"] * accelerator["tdp_w"] + row["host_w"]
    elif group == "switches":
        attributes = {"port_speed_gbps": row["port_gbps"], "fabric": row["kind"]}
        kind, domain, nameplate_w = Kind.SWITCH, DomainChoices.NETWORK, row["nameplate_w"]
    else:
        electrical: dict[str, Any] = {"voltage_v": FEED_VOLTAGE_V, "phases": 3}
        attributes = {"pdu": electrical | {"metering": "inlet"}, "meter": electrical, "ups": {}}[key]
        kind, domain, nameplate_w = Kind(key), DomainChoices.ENERGY, row["nameplate_w"]
    look = {"kind": kind, "domain": domain, "nameplate_w": nameplate_w, "attributes": attributes}
    return look | ({"u_height": row["u_height"]} if group == "nodes" else {})


def write_regions(rows: Sequence[dict[str, Any]], objects: DemoObjects) -> dict[str, Region]:
    """Regions by slug; a parent comes before its children."""
    regions: dict[str, Region] = {}
    for level in ([row for row in rows if "parent" not in row], [row for row in rows if "parent" in row]):
        regions |= written(Region, level, objects, parent=regions)
    return regions


def write_sites(plan: FleetPlan, regions: Mapping[str, Region], objects: DemoObjects) -> dict[str, Site]:
    existing_names = Site.objects.filter(slug__in=[site.slug for site in plan.sites]).values_list(
        "name", flat=True
    )
    if existing_names:
        raise SiteTaken(f"The inventory already has {', '.join(sorted(existing_names))}.")
    sites = {site.name: _site(site, regions) for site in sorted(plan.sites, key=attrgetter("slug"))}
    write(sites.values())
    objects.note(sites.values())
    return sites


def _site(plan: SitePlan, regions: Mapping[str, Region]) -> Site:
    facts = plan.facts
    copied = (
        *("name", "stage", "kind", "profiles", "city", "country", "latitude", "longitude", "time_zone"),
        *("cooling_class", "owner"),
    )
    optional = ("liquid_supply_max_c", "generator_start_s")
    return Site(
        slug=plan.slug,
        region=regions[facts["region"]],
        contracted_kw=plan.contracted_kw,
        power_step_limit_kw=round(plan.contracted_kw * STEP_SHARE, 1),
        **{name: facts[name] for name in copied},
        **{name: facts.get(name) for name in optional},
        **{name: facts.get(name, "") for name in ("operator", "operator_country")},
    )


def write_parts(plan: FleetPlan, sites: Mapping[str, Site], catalogue: Catalogue, *, now: datetime) -> None:
    fleet = {site.name: _parts(site, sites[site.name], catalogue, now=now) for site in plan.sites}
    ends = {site.name: (float(site.facts["latitude"]), float(site.facts["longitude"])) for site in plan.sites}
    for near, far, gbps in plan.fleet["circuits"]:
        if near in fleet and far in fleet:
            fleet[near].circuit(
                f"{near} to {far}",
                fleet[far],
                capacity_gbps=gbps,
                design_latency_ms=round(shapes.rtt_ms(*ends[near], *ends[far]), 1),
                provider=BACKBONE,
            )
    write(*(fleet[name] for name in sorted(fleet)))


def _parts(plan: SitePlan, site: Site, catalogue: Catalogue, *, now: datetime) -> SiteRows:
    built = SiteRows(site)
    # Each leg of a rack carries the rack's whole rating, so that either leg can feed it alone.
    for rack, rated_kw in {feed.rack: feed.rated_kw for feed in plan.feeds}.items():
        built.rack(rack, rated_kw=rated_kw)
    if plan.nodes:
        _add_nodes(built, plan, catalogue)
        _add_switches(built, plan, catalogue)
        _add_power_and_cooling(built, plan, catalogue)
    for number, (days_ago, nodes) in enumerate(plan.waves, start=1):
        built.capacity(
            now.date() - timedelta(days=days_ago),
            it_kw=round(plan.wave_it_kw(nodes), 2),
            accelerators=plan.wave_accelerators(nodes),
            note=_wave_note(plan, number, nodes),
        )
    return built


def _wave_note(plan: SitePlan, number: int, nodes: int) -> str:
    note = f"Wave {number}: {nodes} nodes"
    if plan.halls:
        racks = round(len(plan.hall_racks) * nodes / len(plan.nodes))
        note += f", {racks} racks of {plan.halls[0].product}"
    return note


def _add_nodes(built: SiteRows, plan: SitePlan, catalogue: Catalogue) -> None:
    device_type = catalogue.nodes[plan.node_type.key]
    filled = dict.fromkeys(plan.racks, 0)
    for node in plan.nodes:
        built.device(
            node.name,
            Role.NODE,
            device_type,
            rack=node.rack,
            management_address=node.address,
            software_version=DRIVERS[plan.node_type.vendor],
            position=1 + filled[node.rack] * device_type.u_height,
        )
        filled[node.rack] += 1
        built.accelerators(node.name, catalogue.accelerators[plan.node_type.accelerator], node.uuids)
        _add_ports(built, node, plan.fabric)


def _add_switches(built: SiteRows, plan: SitePlan, catalogue: Catalogue) -> None:
    """A leaf is on top of the first rack that it serves; spines are below it in the first racks."""
    switches_by_rack: Counter[str] = Counter()
    leaves = 0
    for switch in plan.switches:
        first_node = leaves * plan.fabric.nodes_per_leaf if switch.role == "leaf" else 0
        leaves += switch.role == "leaf"
        rack = plan.nodes[min(first_node, len(plan.nodes) - 1)].rack
        product = plan.spine if switch.role == "spine" else plan.fabric
        built.device(
            switch.name,
            Role.SWITCH,
            catalogue.switches[product.key],
            rack=rack,
            management_address=switch.address,
            software_version=product.software_version,
            position=TOP_OF_RACK_U - switches_by_rack[rack],
            description=switch.role,
        )
        switches_by_rack[rack] += 1
        _add_ports(built, switch, plan.fabric)
    for switch in plan.switches:
        for own, above, other_port in switch.links:
            ends = (switch.name, own), (above, other_port)
            built.link(f"{switch.name} to {above}", *ends, capacity_gbps=plan.fabric.port_gbps)


def _add_ports(built: SiteRows, device: PlannedNode | PlannedSwitch, fabric: FabricPlan) -> None:
    for port in device.ports:
        built.port(
            device.name, port.name, kind=fabric.kind, speed_gbps=fabric.port_gbps, back_end=port.back_end
        )


def _add_power_and_cooling(built: SiteRows, plan: SitePlan, catalogue: Catalogue) -> None:
    """A PDU for each feed, the UPSs, and the meter of the whole site, which is in no rack."""
    for feed in plan.feeds:
        pdu = catalogue.power["pdu"]
        built.device(feed.device, Role.PDU, pdu, rack=feed.rack, management_address=feed.address)
        built.feed(
            feed.name,
            rack=feed.rack,
            device=feed.device,
            leg=feed.leg,
            rated_kw=feed.rated_kw,
            breaker_rating_a=feed.breaker_rating_a,
            phases=feed.phases,
            voltage_v=FEED_VOLTAGE_V,
        )
    for ups in plan.ups:
        built.device(
            ups.name,
            Role.UPS,
            catalogue.power["ups"],
            management_address=ups.address,
            description=f"{ups.rated_kw:.0f} kW, leg {ups.leg}",
        )
    built.device(plan.main_meter, Role.METER, catalogue.power["meter"])
    for unit in plan.cooling:
        built.cooling(unit.name, unit.medium, unit.capacity_kw, management_address=unit.address)
