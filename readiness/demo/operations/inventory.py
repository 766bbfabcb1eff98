"""Products, regions, and sites with their racks, power, cooling, devices, ports and cables.

Products and regions that the installation already has under the same name are reused.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from django.db.models import Model

from inventory.models import (
    Accelerator,
    CapacityEvent,
    CoolingUnit,
    Device,
    DeviceType,
    DomainChoices,
    Link,
    Manufacturer,
    Port,
    PowerFeed,
    Rack,
    Region,
    Site,
)
from readiness.demo.core import shapes
from readiness.demo.core.plan import FEED_VOLTAGE_V, FleetPlan, SitePlan
from readiness.demo.core.series import DRIVERS
from readiness.demo.operations.made import DemoObjects, existing_or_new

Kind, Role = DeviceType.Kind, Device.Role
type BySite[Row] = dict[tuple[str, str], Row]
"""Rows by site name and own name; ports also by device name, which is unique in the demo."""

TOP_OF_RACK_U = 48
# Share of the contracted power that an interconnection allows as a step; the demo's own choice.
STEP_SHARE = 0.5
BACKBONE = "Corvale backbone (fictional)"


class SiteTaken(Exception):
    """The inventory already has a site with a name that the demo uses, so the demo cannot be loaded."""


@dataclass(frozen=True)
class Catalogue:
    """Device types by the key that hardware.yaml gives them."""

    accelerators: Mapping[str, DeviceType]
    nodes: Mapping[str, DeviceType]
    switches: Mapping[str, DeviceType]
    power: Mapping[str, DeviceType]


def _created[Row: Model](model: type[Row], rows: Iterable[Row], *by: str) -> list[Row]:
    return model._default_manager.bulk_create(sorted(rows, key=attrgetter(*by)))


def write_catalogue(hardware: Mapping[str, Any], objects: DemoObjects) -> Catalogue:
    makers = _manufacturers(hardware["manufacturers"], objects)
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
        **{
            group: {key: stored[device_type.slug] for key, device_type in keyed.items()}
            for group, keyed in planned.items()
        }
    )


def _manufacturers(rows: list[dict[str, str]], objects: DemoObjects) -> dict[str, Manufacturer]:
    manufacturers = [Manufacturer(name=row["name"], slug=row["slug"]) for row in rows]
    stored = existing_or_new(Manufacturer, manufacturers, by=("slug", "name"), objects=objects)
    return {row["slug"]: manufacturer for row, manufacturer in zip(rows, stored, strict=True)}


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


def write_regions(rows: Sequence[Mapping[str, str]], objects: DemoObjects) -> dict[str, Region]:
    """Regions by slug; a parent comes before its children."""
    regions: dict[str, Region] = {}
    for level in ([row for row in rows if "parent" not in row], [row for row in rows if "parent" in row]):
        level_regions = [
            Region(name=row["name"], slug=row["slug"], parent=regions.get(row.get("parent", "")))
            for row in level
        ]
        stored = existing_or_new(Region, level_regions, by=("slug", "name"), objects=objects)
        regions |= {row["slug"]: region for row, region in zip(level, stored, strict=True)}
    return regions


def write_sites(plan: FleetPlan, regions: Mapping[str, Region], objects: DemoObjects) -> dict[str, Site]:
    existing_names = Site.objects.filter(slug__in=[site.slug for site in plan.sites]).values_list(
        "name", flat=True
    )
    if existing_names:
        raise SiteTaken(f"The inventory already has {', '.join(sorted(existing_names))}.")
    sites = _created(Site, [_site(site, regions) for site in plan.sites], "slug")
    objects.note(sites)
    return {site.name: site for site in sites}


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
    racks = _racks(plan, sites)
    devices = _devices(plan, sites, racks, catalogue)
    _write_accelerators(plan, devices, catalogue)
    _write_cables(plan, sites, _ports(plan, devices))
    _write_circuits(plan, sites)
    _write_power_and_cooling(plan, sites, racks, devices)
    events = [
        CapacityEvent(
            site=sites[site.name],
            happened_on=now.date() - timedelta(days=days_ago),
            it_kw=round(site.wave_it_kw(nodes), 2),
            accelerators=nodes * site.node_type.count,
            note=f"Wave {number}: {nodes} nodes",
        )
        for site in plan.sites
        for number, (days_ago, nodes) in enumerate(site.waves, start=1)
    ]
    _created(CapacityEvent, events, "site_id", "happened_on")


def _racks(plan: FleetPlan, sites: Mapping[str, Site]) -> BySite[Rack]:
    """Each leg of a rack carries the rack's whole rating, so that either leg can feed it alone."""
    racks = []
    for site in plan.sites:
        rated_kw = {feed.rack: feed.rated_kw for feed in site.feeds}
        racks += [Rack(site=sites[site.name], name=name, rated_kw=rated_kw[name]) for name in site.racks]
    return {(rack.site.name, rack.name): rack for rack in _created(Rack, racks, "site_id", "name")}


def _devices(
    plan: FleetPlan, sites: Mapping[str, Site], racks: BySite[Rack], catalogue: Catalogue
) -> BySite[Device]:
    devices = [
        device
        for site in plan.sites
        if site.nodes
        for kind in (_nodes, _switches, _power)
        for device in kind(site, sites[site.name], racks, catalogue)
    ]
    created = _created(Device, devices, "site_id", "name")
    return {(device.site.name, device.name): device for device in created}


def _nodes(plan: SitePlan, site: Site, racks: BySite[Rack], catalogue: Catalogue) -> Iterator[Device]:
    device_type = catalogue.nodes[plan.node_type.key]
    filled = dict.fromkeys(plan.racks, 0)
    for node in plan.nodes:
        position = 1 + filled[node.rack] * device_type.u_height
        filled[node.rack] += 1
        yield Device(
            site=site,
            rack=racks[plan.name, node.rack],
            name=node.name,
            device_type=device_type,
            role=Role.NODE,
            management_address=node.address,
            software_version=DRIVERS[plan.node_type.vendor],
            position=position,
        )


def _switches(plan: SitePlan, site: Site, racks: BySite[Rack], catalogue: Catalogue) -> Iterator[Device]:
    """A leaf is on top of the first rack that it serves; spines are below it in the first racks."""
    switches_by_rack: dict[str, int] = {}
    leaves = 0
    for switch in plan.switches:
        first_node = leaves * plan.fabric.nodes_per_leaf if switch.role == "leaf" else 0
        leaves += switch.role == "leaf"
        rack = plan.nodes[min(first_node, len(plan.nodes) - 1)].rack
        position = TOP_OF_RACK_U - switches_by_rack.get(rack, 0)
        switches_by_rack[rack] = switches_by_rack.get(rack, 0) + 1
        yield Device(
            site=site,
            rack=racks[plan.name, rack],
            name=switch.name,
            device_type=catalogue.switches[plan.fabric.key],
            role=Role.SWITCH,
            management_address=switch.address,
            software_version=plan.fabric.software_version,
            position=position,
            description=switch.role,
        )


def _power(plan: SitePlan, site: Site, racks: BySite[Rack], catalogue: Catalogue) -> Iterator[Device]:
    """A PDU for each feed, the UPSs, and the meter of the whole site, which is in no rack."""
    for feed in plan.feeds:
        yield Device(
            site=site,
            rack=racks[plan.name, feed.rack],
            name=feed.device,
            device_type=catalogue.power["pdu"],
            role=Role.PDU,
            management_address=feed.address,
        )
    for ups in plan.ups:
        yield Device(
            site=site,
            name=ups.name,
            device_type=catalogue.power["ups"],
            role=Role.UPS,
            management_address=ups.address,
            description=f"{ups.rated_kw:.0f} kW, leg {ups.leg}",
        )
    yield Device(site=site, name=plan.main_meter, device_type=catalogue.power["meter"], role=Role.METER)


def _write_accelerators(plan: FleetPlan, devices: BySite[Device], catalogue: Catalogue) -> None:
    accelerators = [
        Accelerator(
            device=devices[site.name, node.name],
            index=index,
            uuid=uuid,
            device_type=catalogue.accelerators[site.node_type.accelerator],
        )
        for site in plan.sites
        for node in site.nodes
        for index, uuid in enumerate(node.uuids)
    ]
    _created(Accelerator, accelerators, "device_id", "index")


def _ports(plan: FleetPlan, devices: BySite[Device]) -> BySite[Port]:
    ports = [
        Port(
            device=devices[site.name, owner.name],
            name=port.name,
            kind=site.fabric.kind,
            speed_gbps=site.fabric.port_gbps,
            back_end=port.back_end,
        )
        for site in plan.sites
        for owner in site.ported_devices
        for port in owner.ports
    ]
    return {(port.device.name, port.name): port for port in _created(Port, ports, "device_id", "name")}


def _write_cables(plan: FleetPlan, sites: Mapping[str, Site], ports: BySite[Port]) -> None:
    links = [
        Link(
            name=f"{switch.name} to {above}",
            kind=Link.Kind.FABRIC,
            site_a=sites[site.name],
            site_b=sites[site.name],
            port_a=ports[switch.name, own],
            port_b=ports[above, other_port],
            capacity_gbps=site.fabric.port_gbps,
        )
        for site in plan.sites
        for switch in site.switches
        for own, above, other_port in switch.links
    ]
    _created(Link, links, "site_a_id", "name")


def _write_circuits(plan: FleetPlan, sites: Mapping[str, Site]) -> None:
    ends = {site.name: (float(site.facts["latitude"]), float(site.facts["longitude"])) for site in plan.sites}
    links = [
        Link(
            name=f"{near} to {far}",
            kind=Link.Kind.WAN,
            site_a=sites[near],
            site_b=sites[far],
            capacity_gbps=gbps,
            design_latency_ms=round(shapes.rtt_ms(*ends[near], *ends[far]), 1),
            provider=BACKBONE,
        )
        for near, far, gbps in plan.fleet["circuits"]
        if near in sites and far in sites
    ]
    _created(Link, links, "site_a_id", "name")


def _write_power_and_cooling(
    plan: FleetPlan, sites: Mapping[str, Site], racks: BySite[Rack], devices: BySite[Device]
) -> None:
    feeds = [
        PowerFeed(
            site=sites[site.name],
            rack=racks[site.name, feed.rack],
            device=devices[site.name, feed.device],
            voltage_v=FEED_VOLTAGE_V,
            **{
                each: getattr(feed, each)
                for each in ("name", "leg", "rated_kw", "breaker_rating_a", "phases")
            },
        )
        for site in plan.sites
        for feed in site.feeds
    ]
    _created(PowerFeed, feeds, "site_id", "name")
    units = [
        CoolingUnit(
            site=sites[site.name],
            name=unit.name,
            medium=unit.medium,
            capacity_kw=unit.capacity_kw,
            management_address=unit.address,
        )
        for site in plan.sites
        for unit in site.cooling
    ]
    _created(CoolingUnit, units, "site_id", "name")
