"""The inventory of the estate, what runs there, and the platforms' floors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.estate.plan import COUNTRIES, IN_COUNTRY, REGIONS, EstateSite
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
from readiness.demand.workloads.models import Placement, ServedRegion, UserRegion, WorkloadClass

PLATFORM = "estate-node"
DRIVER, NOS = "580.95.05", "4.36.1"


@dataclass(frozen=True, slots=True)
class EstateRows:
    """Rows by site number, devices and ports by name."""

    sites: dict[int, Site]
    devices: dict[str, Device]
    ports: dict[tuple[str, str], Port]


def write_places(plans: Sequence[EstateSite], *, now: datetime) -> EstateRows:
    sites = _sites(plans)
    types = _types()
    racks = {(rack.site_id, rack.name): rack for rack in _racks(plans, sites)}
    devices = _devices(plans, sites, racks, types)
    Accelerator.objects.bulk_create(
        Accelerator(device=devices[node], index=index, uuid=f"GPU-{node}-{index}", device_type=types["gpu"])
        for plan in plans
        for node in plan.nodes
        for index in plan.accelerators
    )
    ports = _ports(plans, devices)
    _links(plans, sites, ports)
    _feeds_and_cooling(plans, sites, racks, devices)
    _capacity(plans, sites, now)
    _workloads(plans, sites, now)
    return EstateRows(sites, devices, ports)


def _sites(plans: Sequence[EstateSite]) -> dict[int, Site]:
    parents = {country: Region.objects.create(name=country, slug=country.lower()) for country in IN_COUNTRY}
    regions = [
        Region.objects.create(name=name, slug=f"region-{number}", parent=parents[COUNTRIES[number]])
        for number, name in enumerate(REGIONS)
    ]
    sites = Site.objects.bulk_create(
        Site(
            name=plan.name,
            slug=plan.slug,
            region=regions[plan.region],
            stage="commissioning" if plan.number % 20 == 0 else "production",
            kind=("core", "regional", "edge", "colo")[plan.number % 4],
            profiles=["training", "inference"],
            country=plan.country,
            city=REGIONS[plan.region],
            latitude=f"{38 + plan.number % 250 / 10:.5f}",
            longitude=f"{-9 + plan.number % 300 / 10:.5f}",
            contracted_kw=plan.contracted_kw,
            power_step_limit_kw=plan.contracted_kw / 2,
            liquid_supply_max_c=40.0,
            generator_start_s=60.0,
            owner="Operations",
        )
        for plan in plans
    )
    return {plan.number: site for plan, site in zip(plans, sites, strict=True)}


def _types() -> dict[str, DeviceType]:
    maker, other = (Manufacturer.objects.create(name=name, slug=name.lower()) for name in ("Estate", "Other"))
    kinds = {
        "node": (PLATFORM, DeviceType.Kind.NODE, DomainChoices.COMPUTE, maker),
        "gpu": ("estate-gpu", DeviceType.Kind.ACCELERATOR, DomainChoices.COMPUTE, maker),
        "leaf1": ("estate-leaf", DeviceType.Kind.SWITCH, DomainChoices.NETWORK, maker),
        "leaf2": ("other-leaf", DeviceType.Kind.SWITCH, DomainChoices.NETWORK, other),
        "pdu": ("estate-pdu", DeviceType.Kind.PDU, DomainChoices.ENERGY, maker),
        "ups": ("estate-ups", DeviceType.Kind.UPS, DomainChoices.ENERGY, other),
    }
    return {
        name: DeviceType.objects.create(manufacturer=by, model=slug, slug=slug, kind=kind, domain=domain)
        for name, (slug, kind, domain, by) in kinds.items()
    }


def _racks(plans: Sequence[EstateSite], sites: dict[int, Site]) -> list[Rack]:
    return Rack.objects.bulk_create(
        Rack(site=sites[plan.number], name=rack, rated_kw=60) for plan in plans for rack in plan.racks
    )


def _devices(
    plans: Sequence[EstateSite],
    sites: dict[int, Site],
    racks: dict[tuple[int, str], Rack],
    types: dict[str, DeviceType],
) -> dict[str, Device]:
    devices = []
    for plan in plans:
        site = sites[plan.number]
        first, second = (racks[site.pk, rack] for rack in plan.racks)
        device_rows = [
            (node, Device.Role.NODE, "node", (first, second)[place % 2], DRIVER)
            for place, node in enumerate(plan.nodes)
        ]
        device_rows += [
            (leaf, Device.Role.SWITCH, f"leaf{number}", first, NOS)
            for number, leaf in enumerate(plan.switches, start=1)
        ]
        device_rows += [
            (plan.pdu(rack, leg), Device.Role.PDU, "pdu", racks[site.pk, rack], "")
            for rack, leg in plan.feeds
        ]
        devices += [
            Device(
                site=site, name=name, role=role, device_type=types[kind], rack=rack, software_version=version
            )
            for name, role, kind, rack, version in device_rows
        ]
        devices.append(Device(site=site, name=plan.ups, role=Device.Role.UPS, device_type=types["ups"]))
    return {device.name: device for device in Device.objects.bulk_create(devices)}


def _ports(plans: Sequence[EstateSite], devices: dict[str, Device]) -> dict[tuple[str, str], Port]:
    port_keys = [
        (owner, name)
        for plan in plans
        for owners, names in ((plan.nodes, plan.node_ports), (plan.switches, plan.switch_ports))
        for owner in owners
        for name in names
    ]
    ports = Port.objects.bulk_create(
        Port(
            device=devices[owner],
            name=name,
            kind=Port.Kind.ROCE if name.startswith("mlx") else Port.Kind.ETHERNET,
            speed_gbps=400,
            back_end=name.startswith("mlx"),
        )
        for owner, name in port_keys
    )
    return dict(zip(port_keys, ports, strict=True))


def _links(plans: Sequence[EstateSite], sites: dict[int, Site], ports: dict[tuple[str, str], Port]) -> None:
    links = []
    for plan, following in zip(plans, [*plans[1:], plans[0]], strict=True):
        site, (switch, other) = sites[plan.number], plan.switches
        for port in plan.switch_ports[:2]:
            ends = {"port_a": ports[switch, port], "port_b": ports[other, port]}
            links.append(
                Link(name=f"{switch} to {other} {port}", site_a=site, site_b=site, capacity_gbps=400, **ends)
            )
        if following is not plan:
            far = {"kind": Link.Kind.WAN, "capacity_gbps": 100, "design_latency_ms": 8}
            links.append(
                Link(name=f"to {following.slug}", site_a=site, site_b=sites[following.number], **far)
            )
    Link.objects.bulk_create(links)


def _feeds_and_cooling(
    plans: Sequence[EstateSite],
    sites: dict[int, Site],
    racks: dict[tuple[int, str], Rack],
    devices: dict[str, Device],
) -> None:
    PowerFeed.objects.bulk_create(
        PowerFeed(
            site=sites[plan.number],
            rack=racks[sites[plan.number].pk, rack],
            device=devices[plan.pdu(rack, leg)],
            name=f"{rack}-{leg}",
            leg=leg,
            rated_kw=60,
            breaker_rating_a=125,
            voltage_v=400,
        )
        for plan in plans
        for rack, leg in plan.feeds
    )
    CoolingUnit.objects.bulk_create(
        CoolingUnit(site=sites[plan.number], name=name, medium=medium, capacity_kw=2 * plan.it_kw)
        for plan in plans
        for name, medium in ((plan.air, "air"), (plan.loop, "liquid"))
        if name
    )


def _capacity(plans: Sequence[EstateSite], sites: dict[int, Site], now: datetime) -> None:
    """Half of each site in a first wave, the other half in a second, within two years."""
    CapacityEvent.objects.bulk_create(
        CapacityEvent(
            site=sites[plan.number],
            happened_on=(now - timedelta(days=days)).date(),
            it_kw=plan.it_kw / 2,
            accelerators=len(plan.nodes) * len(plan.accelerators) // 2,
        )
        for plan in plans
        for days in (200 + plan.number % 500, 20 + plan.number % 170)
    )


def _workloads(plans: Sequence[EstateSite], sites: dict[int, Site], now: datetime) -> None:
    regions = [UserRegion.objects.create(name=name, slug=name.lower()) for name in ("Iberia", "Nordics")]
    placed = []
    for name, limit_ms in (("Chat", 50), ("Batch", 120)):
        workload = WorkloadClass.objects.create(name=name, slug=name.lower(), latency_limit_ms=limit_ms)
        ServedRegion.objects.bulk_create(
            ServedRegion(workload_class=workload, user_region=region) for region in regions
        )
        placed += [
            Placement(
                workload_class=workload, site=sites[plan.number], started_on=(now - timedelta(days=90)).date()
            )
            for plan in plans
        ]
    Placement.objects.bulk_create(placed)
