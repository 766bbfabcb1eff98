"""The people of all sites together, kept while nothing changes: reading 5,000 of them takes longer than a page may.

Each process keeps its own, for each set of sites that readers may see.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from django.db import connection

from inventory.models import Accelerator, CoolingUnit, Device, Manufacturer, Port, PowerFeed, Region, Site
from inventory.queries import SiteFacts, end_of_day, site_facts
from readiness.people.core.coverage import CoverDepth, SiteCoverage
from readiness.people.core.qualified_fleet import QualifiedFleet
from readiness.people.facts import COVERED_FROM, kept_coverage_of
from readiness.people.models import Rotation, RotationSite
from readiness.people.queries import growth
from readiness.people.queries.coverage import next_on_call
from web.audit import stamp_of
from web.audit.stamps import Stamp

_READ = (
    *COVERED_FROM,
    *(Rotation, RotationSite),
    *(Site, Region, Manufacturer, Device, Accelerator, Port, CoolingUnit, PowerFeed),
)
# Shifts are not audited: they are written anew from what is. Those that stay change in their end.
_SHIFTS = """
    SELECT EXISTS (SELECT FROM people_staffing) OR EXISTS (SELECT FROM people_rotationsite),
        count(*), sum(timestamp_hash_extended(ends_at AT TIME ZONE 'UTC', id))
    FROM people_shift
"""


@dataclass(frozen=True, slots=True, eq=False)
class FleetPeople:
    """Sites with what is recorded of their people, by id, as of `at` and until the day or something of it ends.
    `covers` counts the requirements of a site by how they are covered."""

    at: datetime
    until: datetime
    sites: Mapping[int, SiteFacts] = field(default_factory=dict)
    covered: Mapping[int, SiteCoverage] = field(default_factory=dict)
    covers: Mapping[int, Counter[CoverDepth]] = field(default_factory=dict)
    qualified: QualifiedFleet = field(default_factory=QualifiedFleet.empty)


def fleet_people(*, now: datetime, unstaffed: bool = False) -> FleetPeople:
    """Read all sites; `unstaffed`: even where no people are recorded at all, which else costs one statement and has no
    sites. Two statements where nothing was written since."""
    with connection.cursor() as cursor:
        cursor.execute(_SHIFTS)
        [(is_recorded, *shifts)] = cursor.fetchall()
    if not (is_recorded or unstaffed):
        return FleetPeople(now, now)
    kept = _kept_since(stamp_of(*_READ), tuple(shifts))
    if not kept or not kept[-1].at <= now < kept[-1].until:
        kept[:] = [_read(now)]
    return kept[-1]


@lru_cache(maxsize=4)
def _kept_since(stamp: Stamp, shifts: tuple[object, ...]) -> list[FleetPeople]:
    """Return what was read since this stamp; whoever asks first fills it."""
    return []


def _read(now: datetime) -> FleetPeople:
    sites = {site.id: site for site in site_facts()}
    covered = kept_coverage_of(sites, now=now)
    recorded = growth.recorded(covered)
    return FleetPeople(
        at=now,
        until=min(
            (
                end_of_day(now.date(), "UTC"),
                *next_on_call(sites, now=now).values(),
                *(each.until for each in covered.values() if each.until),
            )
        ),
        sites=sites,
        covered=covered,
        covers={
            site_id: Counter(each.cover for each in of_site.requirements)
            for site_id, of_site in covered.items()
        },
        qualified=QualifiedFleet.of(growth.qualified_at(recorded), recorded=frozenset(recorded)),
    )
