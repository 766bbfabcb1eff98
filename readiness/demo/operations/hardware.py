"""Devices of the demo's sites with their accelerators, ports and cables."""

from collections.abc import Iterator, Mapping

from inventory.models import Accelerator, Device, Link, Port, Rack, Site
from readiness.demo.core.plan import FleetPlan, SitePlan
from readiness.demo.core.series import DRIVERS
from readiness.demo.operations.catalogue import Catalogue

Role = Device.Role
type BySite[Row] = dict[tuple[str, str], Row]
TOP_OF_RACK_U = 48


def write_devices(
    plan: FleetPlan,
    sites: Mapping[str, Site],
    racks: Mapping[tuple[str, str], Rack],
    catalogue: Catalogue,
) -> BySite[Device]:
    """Devices by site name and device name."""
    devices = [
        device
        for site in plan.sites
        if site.nodes
        for kind in (_nodes, _switches, _power)
        for device in kind(site, sites[site.name], racks, catalogue)
    ]
    devices.sort(key=lambda device: (device.site_id, device.name))
    return {(device.site.name, device.name): device for device in Device.objects.bulk_create(devices)}


def _nodes(
    plan: SitePlan, site: Site, racks: Mapping[tuple[str, str], Rack], catalogue: Catalogue
) -> Iterator[Device]:
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


def _switches(
    plan: SitePlan, site: Site, racks: Mapping[tuple[str, str], Rack], catalogue: Catalogue
) -> Iterator[Device]:
    """A leaf stands on top of the first rack it serves, spines below it in the first racks."""
    taken: dict[str, int] = {}
    leaves = 0
    for switch in plan.switches:
        first_node = leaves * plan.fabric.nodes_per_leaf if switch.role == "leaf" else 0
        leaves += switch.role == "leaf"
        rack = plan.nodes[min(first_node, len(plan.nodes) - 1)].rack
        position = TOP_OF_RACK_U - taken.get(rack, 0)
        taken[rack] = taken.get(rack, 0) + 1
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


def _power(
    plan: SitePlan, site: Site, racks: Mapping[tuple[str, str], Rack], catalogue: Catalogue
) -> Iterator[Device]:
    """A PDU for each feed, the UPSs, and the meter of the whole site, which stands in no rack."""
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


def write_accelerators(
    plan: FleetPlan, devices: Mapping[tuple[str, str], Device], catalogue: Catalogue
) -> None:
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
    Accelerator.objects.bulk_create(sorted(accelerators, key=lambda each: (each.device_id, each.index)))


def write_ports(plan: FleetPlan, devices: Mapping[tuple[str, str], Device]) -> BySite[Port]:
    """Ports by device name and port name; device names of the demo are unique in the fleet."""
    ports = [
        Port(
            device=devices[site.name, owner.name],
            name=port.name,
            kind=site.fabric.kind,
            speed_gbps=site.fabric.port_gbps,
            back_end=port.back_end,
        )
        for site in plan.sites
        for owner in (*site.nodes, *site.switches)
        for port in owner.ports
    ]
    ports.sort(key=lambda port: (port.device_id, port.name))
    return {(port.device.name, port.name): port for port in Port.objects.bulk_create(ports)}


def write_cables(plan: FleetPlan, sites: Mapping[str, Site], ports: Mapping[tuple[str, str], Port]) -> None:
    """Every leaf to every spine."""
    links = [
        Link(
            name=f"{switch.name} to {above}",
            kind=Link.Kind.FABRIC,
            site_a=sites[site.name],
            site_b=sites[site.name],
            port_a=ports[switch.name, own],
            port_b=ports[above, theirs],
            capacity_gbps=site.fabric.port_gbps,
        )
        for site in plan.sites
        for switch in site.switches
        for own, above, theirs in switch.links
    ]
    Link.objects.bulk_create(sorted(links, key=lambda link: (link.site_a_id, link.name)))
