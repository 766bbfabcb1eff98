"""Why the score of several sites, by deployed kW, moved.

A site's share of the score is its kW over those of all sites that count. Between two days both its score and its share
may move. Each cause of a site's score counts with the mean of its shares at both ends, and what a change of capacity
does is counted at the mean of its scores: as if half of either had come first, so that neither is preferred and all add
up. A site that counts at one end only came or went; it moves the score by its share times its distance from the score
of the sites that are there at both ends.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

from readiness.assessment.scoring.core.coalitions import CAUSES
from readiness.assessment.scoring.core.explain import Causes, Move
from readiness.assessment.scoring.core.mean import Sums, sums_of


@dataclass(frozen=True, slots=True)
class SiteEnds:
    """One site: how its score changed, and its deployed kW at both ends, None if it does not exist there. Without a
    verdict (`is_judged`) its score is in no mean.
    """

    move: Move
    start_kw: float | None
    end_kw: float | None
    is_judged: tuple[bool, bool] = (True, True)

    @property
    def start(self) -> tuple[float | None, float]:
        counts = self.start_kw is not None and self.is_judged[0]
        return (self.move.start, self.start_kw or 0.0) if counts else (None, 0.0)

    @property
    def end(self) -> tuple[float | None, float]:
        counts = self.end_kw is not None and self.is_judged[1]
        return (self.move.end, self.end_kw or 0.0) if counts else (None, 0.0)


@dataclass(frozen=True, slots=True)
class FleetMove[Site: Hashable]:
    """The score by kW at both ends, None if no site counts, and the plain means.

    `by` holds the five causes at the sites that count at both ends (`sites` of them), `capacity` the effect of changes
    of their kW, `by_capacity` that by site. `came` and `went` are the effects of sites that count at one end only,
    `adds` the total effect of each site.
    """

    start: float | None
    end: float | None
    plain: tuple[float | None, float | None]
    by: Causes
    by_capacity: Mapping[Site, float]
    came: Mapping[Site, float]
    went: Mapping[Site, float]
    adds: Mapping[Site, float]
    sites: int

    @property
    def change(self) -> float:
        return (self.end or 0.0) - (self.start or 0.0)

    @property
    def capacity(self) -> float:
        return sum(self.by_capacity.values())

    @property
    def coming_and_going(self) -> float:
        return sum(self.came.values()) + sum(self.went.values())


@dataclass(frozen=True, slots=True)
class _Stayed:
    """A site that counts at both ends: its shares among those sites, and its scores."""

    by: Causes
    shares: tuple[float, float]
    scores: tuple[float, float]

    @property
    def weight(self) -> float:
        return sum(self.shares) / 2

    def capacity(self, middle: float) -> float:
        return (self.shares[1] - self.shares[0]) * (sum(self.scores) / 2 - middle)


def fleet_move[Site: Hashable](ends: Mapping[Site, SiteEnds]) -> FleetMove[Site]:
    start, end = (sums_of(each) for each in _both(ends.values()))
    counted = [
        {
            site: (score, kw)
            for site, (score, kw) in zip(ends, each, strict=True)
            if score is not None and kw > 0
        }
        for each in _both(ends.values())
    ]
    both = counted[0].keys() & counted[1].keys()
    of_both = [sums_of(each[site] for site in both) for each in counted]
    middle = sum(sums.kw_weighted or 0.0 for sums in of_both) / 2
    stayed = {site: _stayed(ends[site], of_both) for site in both}
    by_capacity = {site: of_site.capacity(middle) for site, of_site in stayed.items()}
    came = _off_the_mean(counted[1], both, of_both[1], end)
    went = {site: -effect for site, effect in _off_the_mean(counted[0], both, of_both[0], start).items()}
    adds = dict.fromkeys(ends, 0.0) | {
        site: of_site.weight * sum(of_site.by.values()) + by_capacity[site]
        for site, of_site in stayed.items()
    }
    return FleetMove(
        start=start.kw_weighted,
        end=end.kw_weighted,
        plain=(start.plain, end.plain),
        by=_shared_out(stayed.values()),
        by_capacity=by_capacity,
        came=came,
        went=went,
        adds=adds | came | went,
        sites=len(both),
    )


def _both(ends: Iterable[SiteEnds]) -> tuple[list[tuple[float | None, float]], ...]:
    sites = list(ends)
    return [site.start for site in sites], [site.end for site in sites]


def _stayed(ends: SiteEnds, of_both: list[Sums]) -> _Stayed:
    kw = (ends.start_kw or 0.0, ends.end_kw or 0.0)
    return _Stayed(
        by=ends.move.by,
        shares=(kw[0] / of_both[0].kw, kw[1] / of_both[1].kw),
        scores=(ends.move.start or 0.0, ends.move.end or 0.0),
    )


def _shared_out(stayed: Iterable[_Stayed]) -> Causes:
    sites = list(stayed)
    return {cause: sum((site.weight * site.by[cause] for site in sites), 0.0) for cause in CAUSES}


def _off_the_mean[Site: Hashable](
    counted: Mapping[Site, tuple[float | None, float]], both: Iterable[Site], others: Sums, every: Sums
) -> dict[Site, float]:
    middle = others.kw_weighted or 0.0
    alone = counted.keys() - set(both)
    return {
        site: kw / every.kw * ((score or 0.0) - middle)
        for site, (score, kw) in counted.items()
        if site in alone
    }
