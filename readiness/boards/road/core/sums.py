"""Sums of the road: capacity by state and by day, and what each fix would change. They are exact, in whole numbers."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import accumulate

from readiness.assessment.scoring.core.gap import CapacityMeasure
from readiness.boards.road.core.threads import RoadSite, RoadState


@dataclass(frozen=True)
class RoadSums:
    """One way of the road, as planned or with fixes: each site's day, and the sums of them."""

    sites: tuple[RoadSite, ...]
    measure: CapacityMeasure
    days: Mapping[str, date | None]

    def state_of(self, site: RoadSite) -> RoadState:
        return site.state(self.days[site.slug])

    @cached_property
    def places(self) -> dict[RoadState, list[RoadSite]]:
        sites: dict[RoadState, list[RoadSite]] = {state: [] for state in RoadState}
        for site in self.sites:
            sites[self.state_of(site)].append(site)
        return sites

    def amount_in(self, *states: RoadState) -> float:
        return sum_of((site for state in states for site in self.places[state]), self.measure)

    @cached_property
    def deployed(self) -> float:
        return sum_of(self.sites, self.measure)

    @cached_property
    def last_on(self) -> date | None:
        """The day on which the last site with a day is ready."""
        return max((day for day in self.days.values() if day), default=None)

    @cached_property
    def steps(self) -> tuple[tuple[date, float], ...]:
        """Each day on which sites become ready, with all capacity that is ready from then on."""
        gains: dict[date, int] = defaultdict(int)
        for site in self.places[RoadState.DATED]:
            if day := self.days[site.slug]:
                gains[day] += self.measure.whole(site.capacity)
        ready = sum(self.measure.whole(site.capacity) for site in self.places[RoadState.READY])
        totals = accumulate((gains[day] for day in sorted(gains)), initial=ready)
        next(totals)
        amount = self.measure.amount_from_whole
        return tuple((day, amount(total)) for day, total in zip(sorted(gains), totals, strict=True))

    def ready_by(self, day: date) -> float:
        """The capacity that is ready on that day."""
        days = self.days
        ready = (
            site
            for site in self.sites
            if site.is_ready or ((on := days[site.slug]) is not None and on <= day)
        )
        return sum_of(ready, self.measure)


@dataclass(frozen=True, slots=True)
class RoadFix:
    """One check at all `sites` (slugs) where the same owner answers for it and it could be resolved sooner.

    `frees` are the sites that this fix alone makes ready sooner, with the day that they have without it; `freed` is
    their capacity and `touched` that of all `sites`. `share` divides each site's capacity by what else it lacks.
    """

    key: str
    check: str
    owner: str
    sites: tuple[str, ...]
    touched: float
    frees: Mapping[str, date | None]
    freed: float
    share: float


@dataclass(slots=True)
class _Gathering:
    sites: list[str] = field(default_factory=list)
    frees: list[str] = field(default_factory=list)
    touched: int = 0
    freed: int = 0
    share: float = 0.0


@dataclass(frozen=True)
class Road:
    """All sites with capacity, and the fixes that are ticked, done `by` that day."""

    sites: tuple[RoadSite, ...]
    measure: CapacityMeasure
    today: date
    by: date
    ticks: frozenset[str] = frozenset()

    @cached_property
    def planned(self) -> RoadSums:
        return self.sums_for(frozenset())

    @cached_property
    def fixed(self) -> RoadSums:
        """The road with the ticked fixes."""
        return self.sums_for(self.ticks) if self.ticks else self.planned

    def sums_for(self, ticks: frozenset[str]) -> RoadSums:
        days = {
            site.slug: None if site.is_ready else site.ready_on(by=self.by, ticks=ticks)
            for site in self.sites
        }
        return RoadSums(self.sites, self.measure, days)

    def among(self, slugs: Collection[str]) -> "Road":
        """The road of these sites alone."""
        return replace(self, sites=tuple(site for site in self.sites if site.slug in slugs))

    @cached_property
    def gained(self) -> float:
        """The capacity that becomes ready sooner, or at all, by the ticked fixes."""
        return sum_of(self.sooner, self.measure)

    @cached_property
    def sooner(self) -> list[RoadSite]:
        before, after = self.planned.days, self.fixed.days
        return [site for site in self.sites if before[site.slug] != after[site.slug]]

    @cached_property
    def sooner_by(self) -> date | None:
        """The day on which the last site that the ticked fixes make ready sooner is ready."""
        return max((self.fixed.days[site.slug] or self.by for site in self.sooner), default=None)

    @cached_property
    def fixes(self) -> tuple[RoadFix, ...]:
        """Those that free most first; then those that bring most capacity nearer to ready."""
        gathered: dict[tuple[str, str, str], _Gathering] = defaultdict(_Gathering)
        for site in self.sites:
            whole, last = self.measure.whole(site.capacity), site.last_blockers
            latest = last[0].due_on if last else None
            for blocker in site.blockers:
                if not blocker.fix:
                    continue
                gathering = gathered[blocker.fix, blocker.check, blocker.owner]
                gathering.sites.append(site.slug)
                gathering.touched += whole
                if blocker.due_on == latest:
                    gathering.share += whole / len(last)
                    if len(last) == 1:
                        gathering.frees.append(site.slug)
                        gathering.freed += whole
        fixes = [self._fix(*names, gathering) for names, gathering in gathered.items()]
        return tuple(sorted(fixes, key=lambda fix: (-fix.freed, -fix.share, fix.key)))

    def _fix(self, key: str, check: str, owner: str, gathering: _Gathering) -> RoadFix:
        amount = self.measure.amount_from_whole
        return RoadFix(
            key=key,
            check=check,
            owner=owner,
            sites=tuple(gathering.sites),
            touched=amount(gathering.touched),
            frees={slug: self.planned.days[slug] for slug in gathering.frees},
            freed=amount(gathering.freed),
            share=gathering.share,
        )

    @cached_property
    def fixes_by_key(self) -> dict[str, RoadFix]:
        return {fix.key: fix for fix in self.fixes}


def sum_of(sites: Iterable[RoadSite], measure: CapacityMeasure) -> float:
    return measure.amount_from_whole(sum(measure.whole(site.capacity) for site in sites))
