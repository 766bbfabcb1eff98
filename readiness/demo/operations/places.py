"""Regions, sites, their racks, power and cooling, the circuits between them, and when their capacity came."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from inventory.models import CapacityEvent, CoolingUnit, Device, Link, PowerFeed, Rack, Region, Site
from readiness.demo.core import shapes
from readiness.demo.core.plan import FEED_VOLTAGE_V, FleetPlan, SitePlan
from readiness.demo.operations.catalogue import DemoObjects, existing_or_new

# Of the contracted power: the demo's own choice of what an interconnection allows.
STEP_SHARE = 0.5
BACKBONE = "Corvale backbone (fictional)"


class SiteTaken(Exception):
    """The inventory has a site of a name that the demo uses, so the demo cannot be loaded beside it."""


def write_regions(rows: Sequence[Mapping[str, str]], made: DemoObjects) -> dict[str, Region]:
    """Regions by slug; a parent stands before its children in the list."""
    regions: dict[str, Region] = {}
    for level in (
        [row for row in rows if "parent" not in row],
        [row for row in rows if "parent" in row],
    ):
        wanted = [
            Region(name=row["name"], slug=row["slug"], parent=regions.get(row.get("parent", "")))
            for row in level
        ]
        kept = existing_or_new(Region, wanted, by=("slug", "name"), made=made)
        regions |= {row["slug"]: region for row, region in zip(level, kept, strict=True)}
    return regions


def write_sites(plan: FleetPlan, regions: Mapping[str, Region], made: DemoObjects) -> dict[str, Site]:
    """Sites by the plan's name. Raises SiteTaken."""
    taken = Site.objects.filter(slug__in=[site.slug for site in plan.sites]).values_list("name", flat=True)
    if taken:
        raise SiteTaken(f"The inventory already has {', '.join(sorted(taken))}.")
    rows = [_site(site, regions) for site in sorted(plan.sites, key=lambda site: site.slug)]
    made.note(Site.objects.bulk_create(rows))
    return {row.name: row for row in rows}


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


def write_racks(plan: FleetPlan, sites: Mapping[str, Site]) -> dict[tuple[str, str], Rack]:
    """Racks by site and rack name."""
    racks = [
        Rack(site=sites[site.name], name=name, rated_kw=_rack_kw(site, name))
        for site in plan.sites
        for name in site.racks
    ]
    racks.sort(key=lambda rack: (rack.site_id, rack.name))
    return {(rack.site.name, rack.name): rack for rack in Rack.objects.bulk_create(racks)}


def _rack_kw(site: SitePlan, rack: str) -> float:
    """Return what one leg carries: either must be able to feed the rack alone."""
    return next(feed.rated_kw for feed in site.feeds if feed.rack == rack)


def write_feeds(
    plan: FleetPlan,
    sites: Mapping[str, Site],
    racks: Mapping[tuple[str, str], Rack],
    devices: Mapping[tuple[str, str], Device],
) -> None:
    feeds = [
        PowerFeed(
            site=sites[site.name],
            rack=racks[site.name, feed.rack],
            device=devices[site.name, feed.device],
            name=feed.name,
            leg=feed.leg,
            rated_kw=feed.rated_kw,
            breaker_rating_a=feed.breaker_rating_a,
            voltage_v=FEED_VOLTAGE_V,
            phases=feed.phases,
        )
        for site in plan.sites
        for feed in site.feeds
    ]
    PowerFeed.objects.bulk_create(sorted(feeds, key=lambda feed: (feed.site_id, feed.name)))


def write_cooling(plan: FleetPlan, sites: Mapping[str, Site]) -> None:
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
    CoolingUnit.objects.bulk_create(sorted(units, key=lambda unit: (unit.site_id, unit.name)))


def write_circuits(plan: FleetPlan, sites: Mapping[str, Site]) -> None:
    """Links between those sites that are there."""
    facts = {site.name: site.facts for site in plan.sites}
    links = [
        Link(
            name=f"{near} to {far}",
            kind=Link.Kind.WAN,
            site_a=sites[near],
            site_b=sites[far],
            capacity_gbps=gbps,
            design_latency_ms=round(_round_trip_ms(facts[near], facts[far]), 1),
            provider=BACKBONE,
        )
        for near, far, gbps in plan.fleet["circuits"]
        if near in sites and far in sites
    ]
    Link.objects.bulk_create(sorted(links, key=lambda link: (link.site_a_id, link.name)))


def _round_trip_ms(near: Mapping[str, Any], far: Mapping[str, Any]) -> float:
    return shapes.rtt_ms(near["latitude"], near["longitude"], far["latitude"], far["longitude"])


def write_capacity(plan: FleetPlan, sites: Mapping[str, Site], *, now: datetime) -> None:
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
    CapacityEvent.objects.bulk_create(sorted(events, key=lambda event: (event.site_id, event.happened_on)))
