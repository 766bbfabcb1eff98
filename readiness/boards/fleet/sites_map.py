"""The map of the fleet page: single sites while they are few, else regions by verdict, one of which can be opened."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from inventory.models import DomainChoices
from readiness.assessment.scoring.core.gap import SiteCapacity
from readiness.assessment.scoring.queries.rows import SiteRef
from readiness.assessment.scoring.queries.standing import FleetStanding, SiteStanding
from web.links import link
from web.reports import choices
from web.states import state
from web.units import how_many, number, power
from web.world_map import Marker, middle, world_map

MOST_MARKERS = 100
"""With more markers, they overlap and make the page large."""
MOST_REGIONS = 12
"""With more regions, a row of links is too long; markers and the table's filter remain."""
NEAR_DEGREES = 12
LARGEST_MARK, LARGEST_GROUP = 36, 160
"""Size of the largest site and of the largest group. All sizes are relative to the largest, so a fleet of small sites
is drawn like a fleet of big ones."""
VERDICTS = ("ready", "conditional", "not-ready", "")

type Placed = tuple[SiteStanding, SiteCapacity]


def card(
    fleet_standing: FleetStanding,
    *,
    regions: Collection[str] = (),
    unknown: Mapping[int, Collection[str]] | None = None,
) -> dict[str, Any]:
    """Context of the page: the map, a note on its markers, links to the regions.

    `regions` are slugs, empty for all. `unknown` are the domains of unknown health, by site id.
    """
    placed = [
        (site, fleet_standing.capacity[site.ref.id])
        for site in fleet_standing.sites
        if site.ref.latitude is not None and site.ref.longitude is not None
    ]
    drawn_sites = [each for each in placed if each[0].region in regions] if regions else placed
    if not regions and len(drawn_sites) > MOST_MARKERS:
        note, map_figure = (
            "one mark a region and verdict; size = deployed",
            world_map(_groups(drawn_sites, unknown or {})),
        )
    else:
        largest = sorted(drawn_sites, key=lambda each: (-each[1].deployed.it_kw, each[0].ref.name))[
            :MOST_MARKERS
        ]
        few = (
            f"the {len(largest)} largest of {number(len(drawn_sites))} sites; "
            if len(drawn_sites) > len(largest)
            else ""
        )
        note = f"{few}size = deployed capacity"
        map_figure = world_map(_marks(largest, unknown or {}), closer=bool(regions))
    return {"map": map_figure, "map_note": note, "map_regions": _region_links(fleet_standing.sites, regions)}


def _marks(placed: Sequence[Placed], unknown: Mapping[int, Collection[str]]) -> list[Marker]:
    largest = max((capacity.deployed.it_kw for _, capacity in placed), default=0) or 1
    return [
        Marker(
            name=site.ref.name,
            latitude=site.ref.latitude or 0,
            longitude=site.ref.longitude or 0,
            verdict=capacity.verdict,
            url=reverse("site", args=[site.ref.slug]),
            size=LARGEST_MARK * capacity.deployed.it_kw / largest,
            note=_note(site.ref, capacity, unknown.get(site.ref.id, ())),
        )
        for site, capacity in placed
    ]


def _note(site: SiteRef, capacity: SiteCapacity, unknown: Collection[str]) -> str:
    place = ", ".join(part for part in (site.city, site.country) if part)
    deployed = (
        str(power(capacity.deployed.it_kw)) if capacity.verdict else str(state("lifecycle", site.stage).word)
    )
    if not unknown:
        return f"{place} · {deployed}"
    domains = ", ".join(str(DomainChoices(domain).label).lower() for domain in unknown)
    return f"{place} · {deployed} · health unknown: {domains}"


def _groups(placed: Iterable[Placed], unknown: Mapping[int, Collection[str]]) -> list[Marker]:
    parts = _parts_of_the_world(placed)
    sizes = [_kw(members) for part in parts for members in part.by_verdict.values()]
    largest = max(sizes, default=0) or 1
    return [
        Marker(
            name=part.name,
            latitude=part.latitude,
            longitude=part.longitude,
            verdict=verdict or None,
            url=f"{reverse('fleet')}?{urlencode([*part.query, ('verdict', verdict or 'none')])}",
            size=LARGEST_GROUP * _kw(members) / largest,
            note=_group_note(members, unknown),
        )
        for part in parts
        for verdict in VERDICTS
        if (members := part.by_verdict.get(verdict, []))
    ]


def _group_note(members: Sequence[Placed], unknown: Mapping[int, Collection[str]]) -> str:
    sites = how_many(len(members), "site", "sites")
    blind = sum(bool(unknown.get(site.ref.id)) for site, _ in members)
    health = f"{number(blind)} with unknown health" if blind else ""
    return " · ".join(part for part in (sites, str(power(_kw(members))), health) if part)


def _kw(members: Iterable[Placed]) -> float:
    return sum(capacity.deployed.it_kw for _, capacity in members)


@dataclass(slots=True)
class _MapPart:
    latitude: float
    longitude: float
    regions: dict[str, str] = field(default_factory=dict)
    by_verdict: dict[str, list[Placed]] = field(default_factory=lambda: defaultdict(list))

    @property
    def name(self) -> str:
        first, *others = self.regions.values()
        return f"{first} and {len(others)} more" if others else first

    @property
    def query(self) -> list[tuple[str, str]]:
        return [("region", slug) for slug in self.regions]

    def is_near(self, latitude: float, longitude: float) -> bool:
        east = abs(self.longitude - longitude) * math.cos(math.radians(latitude))
        return abs(self.latitude - latitude) < NEAR_DEGREES and east < NEAR_DEGREES


def _parts_of_the_world(placed: Iterable[Placed]) -> list[_MapPart]:
    """Merge regions whose markers would overlap; the largest region gives the position."""
    by_region: dict[tuple[str, str], list[Placed]] = defaultdict(list)
    for site, capacity in placed:
        by_region[site.region, site.ref.region].append((site, capacity))
    parts: list[_MapPart] = []
    for (slug, name), members in sorted(by_region.items(), key=lambda each: (-_kw(each[1]), each[0])):
        latitude, longitude = middle((site.ref.latitude or 0, site.ref.longitude or 0) for site, _ in members)
        part = next((existing for existing in parts if existing.is_near(latitude, longitude)), None)
        if part is None:
            part = _MapPart(latitude, longitude)
            parts.append(part)
        part.regions[slug] = name
        for site, capacity in members:
            part.by_verdict[capacity.verdict or ""].append((site, capacity))
    return parts


def _region_links(sites: Iterable[SiteStanding], regions: Collection[str]) -> list[dict[str, Any]]:
    names = dict(sorted({(site.region, site.ref.region) for site in sites}, key=lambda pair: pair[1]))
    if not 2 <= len(names) <= MOST_REGIONS:
        return []
    current = "" if not regions else next(iter(regions)) if len(regions) == 1 else None
    return choices(
        [("", "World"), *((slug, name) for slug, name in names.items())],
        current,
        lambda slug: link("fleet", **({"region": slug} if slug else {})),
    )
