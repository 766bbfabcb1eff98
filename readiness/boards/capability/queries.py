"""Growth of capacity beside growth of qualified people: over time, and by region or site at present."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate

from inventory.models import Site
from readiness.assessment.scoring.core.gap import NOTHING, CapacityMeasure
from readiness.assessment.scoring.core.mean import fit
from readiness.assessment.scoring.gap.queries import capability_of
from readiness.assessment.scoring.queries.capacity import DAYS_A_MONTH
from readiness.assessment.scoring.queries.standing import FleetStanding, SiteStanding, standing_of
from readiness.boards.capability.params import REGION, CapabilityQuestion
from readiness.organisation.people.core.coverage import CoverDepth
from readiness.organisation.people.core.growth import GROWTH_SPAN, CapabilityGap
from readiness.organisation.people.fleet import FleetPeople, fleet_people

MONTHS, FITTED_MONTHS, PROJECTED_MONTHS, LEAST_MONTHS = 18, 6, 3, 3
MONTH = timedelta(days=DAYS_A_MONTH)


@dataclass(frozen=True, slots=True)
class Ahead:
    """A straight line on from the last value; bands are (low, high)."""

    values: tuple[float, ...]
    band: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class CapabilityHistory:
    """Month by month, the last is now. `first` is the place of the first month in which both are above zero, which
    growth is counted from. Lines ahead need three months from there on."""

    instants: tuple[datetime, ...]
    capacity: tuple[float, ...]
    qualified: tuple[int, ...]
    ahead: tuple[datetime, ...] = ()
    capacity_ahead: Ahead | None = None
    qualified_ahead: Ahead | None = None
    method: str = ""

    @property
    def first(self) -> int | None:
        both = zip(self.capacity, self.qualified, strict=True)
        return next((place for place, (capacity, people) in enumerate(both) if capacity > 0 and people), None)


@dataclass(frozen=True, slots=True)
class CapabilityRow:
    """One region or site; `gap` is None where nothing is recorded of its people. Requirements are counted by how many
    qualified people are assigned."""

    key: str
    label: str
    sites: int
    gap: CapabilityGap | None
    covers: Counter[CoverDepth]

    @property
    def points(self) -> float | None:
        return None if self.gap is None else self.gap.points


@dataclass(frozen=True, slots=True)
class CapabilityStanding:
    """The sites that are asked about, in service or on the way there, with the people of all sites."""

    fleet: FleetStanding
    people: FleetPeople


def capability_standing(question: CapabilityQuestion, *, now: datetime) -> CapabilityStanding:
    sites = Site.objects.exclude(stage=Site.Stage.RETIRED)
    if question.site is not None:
        sites = sites.filter(pk=question.site.pk)
    elif question.region is not None:
        sites = sites.filter(region=question.region)
    return CapabilityStanding(standing_of(sites, now=now), fleet_people(now=now))


def whole(standing: CapabilityStanding) -> CapabilityRow | None:
    """All sites as one row; None without any."""
    return next(iter(_group_rows(standing, lambda _site: ("", ""))), None)


def rows(standing: CapabilityStanding, by: str) -> list[CapabilityRow]:
    """Sort rows by their gap, the widest first and those without one last."""
    if by == REGION:
        groups = _group_rows(standing, lambda site: (site.region, site.ref.region))
    else:
        groups = _group_rows(standing, lambda site: (site.ref.slug, site.ref.name))
    return sorted(groups, key=lambda row: (row.points is None, -(row.points or 0.0), row.label, row.key))


def _group_rows(
    standing: CapabilityStanding, group_of: Callable[[SiteStanding], tuple[str, str]]
) -> list[CapabilityRow]:
    fleet, now = standing.fleet, standing.fleet.at
    groups: dict[tuple[str, str], list[SiteStanding]] = defaultdict(list)
    for site in fleet.sites:
        groups[group_of(site)].append(site)
    places = {site.ref.id: place for place, sites in enumerate(groups.values()) for site in sites}
    counts = standing.people.qualified.counts(places, (now - GROWTH_SPAN, now), now=now).tolist()
    return [
        _group_row(standing, key, label, sites, *numbers)
        for ((key, label), sites), numbers in zip(groups.items(), counts, strict=True)
    ]


def _group_row(
    standing: CapabilityStanding, key: str, label: str, sites: Sequence[SiteStanding], then: int, now: int
) -> CapabilityRow:
    ids = [site.ref.id for site in sites]
    covers: Counter[CoverDepth] = Counter()
    for each in ids:
        covers.update(standing.people.covers.get(each, {}))
    gap = None
    if not standing.people.qualified.recorded.isdisjoint(ids):
        gap = capability_of(standing.fleet, ids, qualified_then=then, qualified_now=now)
    return CapabilityRow(key, label, len(ids), gap, covers)


def history(standing: CapabilityStanding, measure: CapacityMeasure) -> CapabilityHistory:
    fleet, now = standing.fleet, standing.fleet.at
    instants = tuple(now - MONTH * back for back in range(MONTHS, -1, -1))
    together = {site.ref.id: 0 for site in fleet.sites}
    numbers = standing.people.qualified.counts(together, instants, now=now).tolist()
    past = CapabilityHistory(
        instants=instants,
        capacity=_capacity(fleet, instants, measure),
        qualified=tuple(numbers[0]) if numbers else (0,) * len(instants),
    )
    if past.first is None or len(instants) - past.first < LEAST_MONTHS:
        return past
    months = min(FITTED_MONTHS + 1, len(instants) - past.first)
    return replace(
        past,
        ahead=tuple(now + MONTH * month for month in range(PROJECTED_MONTHS + 1)),
        capacity_ahead=_ahead(past.capacity[-months:]),
        qualified_ahead=_ahead(past.qualified[-months:]),
        method=f"Straight line through the last {months - 1} months; the band is two standard deviations of the"
        " distance to it.",
    )


def _ahead(values: Sequence[float]) -> Ahead:
    line = fit(range(len(values)), values)
    through = tuple(max(values[-1] + line.slope * month, 0.0) for month in range(PROJECTED_MONTHS + 1))
    wide = 2 * line.spread
    return Ahead(through, tuple((max(value - wide, 0.0), value + wide) for value in through))


def _capacity(
    fleet: FleetStanding, instants: Sequence[datetime], measure: CapacityMeasure
) -> tuple[float, ...]:
    """Add up the sites that have capacity now, in whole units: what leaves takes away what it brought."""
    steps = sorted(
        (step.at, measure.whole(step.change))
        for site_id, site in fleet.capacity.items()
        if site.deployed != NOTHING
        for step in fleet.changes[site_id]
    )
    totals = [0, *accumulate(change for _, change in steps)]
    days = [at for at, _ in steps]
    return tuple(measure.amount_from_whole(totals[bisect_right(days, at)]) for at in instants)
