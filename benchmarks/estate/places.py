"""The inventory of the estate, what runs there, and the platforms' floors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.estate.plan import COUNTRIES, IN_COUNTRY, REGIONS, EstateSite
from inventory.models import Device, DeviceType, DomainChoices, Manufacturer, Port, Region, Site
from readiness.demand.workloads.models import ServedRegion, UserRegion, WorkloadClass
from readiness.demo.building import SiteRows, write

PLATFORM = "estate-node"
DRIVER, NOS = "580.95.05", "4.36.1"


@dataclass(frozen=True, slots=True)
class EstateRows:
    """Sites by number, devices by name."""

    sites: dict[int, Site]
    devices: dict[str, Device]


def write_places(plans: Sequence[EstateSite], *, now: datetime) -> EstateRows:
    regions, types = _regions(), _types()
    classes = [
        WorkloadClass(name=name, slug=name.lower(), latency_limit_ms=limit_ms)
        for name, limit_ms in (("Chat", 50), ("Batch", 120))
    ]
    fleet = [_site(plan, regions[plan.region], types, now) for plan in plans]
    for built, following in zip(fleet, [*fleet[1:], fleet[0]], strict=True):
        if following is not built:
            far = following.site.slug
            built.circuit(f"to {far}", following, capacity_gbps=100, design_latency_ms=8)
        for workload_class in classes:
            built.placement(workload_class, (now - timedelta(days=90)).date())
    users = [UserRegion(name=name, slug=name.lower()) for name in ("Iberia", "Nordics")]
    served = [ServedRegion(workload_class=each, user_region=region) for each in classes for region in users]
    write(types.values(), served, *fleet)
    return EstateRows(
        {plan.number: built.site for plan, built in zip(plans, fleet, strict=True)},
        {name: device for built in fleet for name, device in built.devices.items()},
    )


def _regions() -> list[Region]:
    parents = {country: Region(name=country, slug=country.lower()) for country in IN_COUNTRY}
    return [
        Region(name=name, slug=f"region-{number}", parent=parents[COUNTRIES[number]])
        for number, name in enumerate(REGIONS)
    ]


def _types() -> dict[str, DeviceType]:
    maker, other = (Manufacturer(name=name, slug=name.lower()) for name in ("Estate", "Other"))
    kinds = {
        "node": (PLATFORM, DeviceType.Kind.NODE, DomainChoices.COMPUTE, maker),
        "gpu": ("estate-gpu", DeviceType.Kind.ACCELERATOR, DomainChoices.COMPUTE, maker),
        "leaf1": ("estate-leaf", DeviceType.Kind.SWITCH, DomainChoices.NETWORK, maker),
        "leaf2": ("other-leaf", DeviceType.Kind.SWITCH, DomainChoices.NETWORK, other),
        "pdu": ("estate-pdu", DeviceType.Kind.PDU, DomainChoices.ENERGY, maker),
        "ups": ("estate-ups", DeviceType.Kind.UPS, DomainChoices.ENERGY, other),
    }
    return {
        name: DeviceType(manufacturer=by, model=slug, slug=slug, kind=kind, domain=domain)
        for name, (slug, kind, domain, by) in kinds.items()
    }


def _site(plan: EstateSite, region: Region, types: dict[str, DeviceType], now: datetime) -> SiteRows:
    built = SiteRows(
        Site(
            name=plan.name,
            slug=plan.slug,
            region=region,
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
    )
    for rack in plan.racks:
        built.rack(rack, rated_kw=60)
    _add_nodes(built, plan, types)
    _add_switches(built, plan, types)
    _add_power_and_cooling(built, plan, types)
    # Half of each site in a first wave, the other half in a second, within two years.
    for days in (200 + plan.number % 500, 20 + plan.number % 170):
        accelerators = len(plan.nodes) * len(plan.accelerators) // 2
        at = (now - timedelta(days=days)).date()
        built.capacity(at, it_kw=plan.it_kw / 2, accelerators=accelerators)
    return built


def _add_nodes(built: SiteRows, plan: EstateSite, types: dict[str, DeviceType]) -> None:
    for place, node in enumerate(plan.nodes):
        rack = plan.racks[place % 2]
        built.device(node, Device.Role.NODE, types["node"], rack=rack, software_version=DRIVER)
        built.accelerators(node, types["gpu"], [f"GPU-{node}-{index}" for index in plan.accelerators])
        for port in plan.node_ports:
            built.port(node, port, kind=Port.Kind.ROCE, speed_gbps=400, back_end=True)


def _add_switches(built: SiteRows, plan: EstateSite, types: dict[str, DeviceType]) -> None:
    for number, leaf in enumerate(plan.switches, start=1):
        device_type = types[f"leaf{number}"]
        built.device(leaf, Device.Role.SWITCH, device_type, rack=plan.racks[0], software_version=NOS)
        for port in plan.switch_ports:
            built.port(leaf, port, speed_gbps=400)
    switch, other = plan.switches
    for port in plan.switch_ports[:2]:
        built.link(f"{switch} to {other} {port}", (switch, port), (other, port), capacity_gbps=400)


def _add_power_and_cooling(built: SiteRows, plan: EstateSite, types: dict[str, DeviceType]) -> None:
    rating = {"rated_kw": 60, "breaker_rating_a": 125, "voltage_v": 400}
    for rack, leg in plan.feeds:
        pdu = plan.pdu(rack, leg)
        built.device(pdu, Device.Role.PDU, types["pdu"], rack=rack)
        built.feed(f"{rack}-{leg}", rack=rack, device=pdu, leg=leg, **rating)
    built.device(plan.ups, Device.Role.UPS, types["ups"])
    for name, medium in ((plan.air, "air"), (plan.loop, "liquid")):
        if name:
            built.cooling(name, medium, 2 * plan.it_kw)
