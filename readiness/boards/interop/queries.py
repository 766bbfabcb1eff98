"""Pairs of the fleet and of one site, and the capacity at stake where a pair is not proven."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import add

from django.db.models import QuerySet

from inventory.models import Site
from readiness.assessment.evidence.core.interop import CHECK
from readiness.assessment.evidence.core.proving.interop import Installed, JudgedPair, PairStanding
from readiness.assessment.evidence.interop import pairs_at
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.core.gap import CapacityFigures
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.queries.standing import present_capacity
from readiness.boards.interop.core.next_tests import WORST_FIRST, PairPlace, proven_until


@dataclass(frozen=True, slots=True)
class SitePairs:
    """`state` and `reason` are the stored ones of the check, None and "" before the first evaluation.

    `pairs` are sorted worst first; a record counts for `validity`.
    """

    site: Site
    state: str | None
    reason: str
    evaluated_at: datetime | None
    deployed: CapacityFigures
    pairs: Sequence[JudgedPair]
    validity: timedelta

    @property
    def places(self) -> list[PairPlace]:
        capacity_kw = 0.0 if self.is_single_vendor else self.deployed.it_kw
        return [
            PairPlace(self.site.slug, self.site.name, capacity_kw, pair, proven_until(pair, self.validity))
            for pair in self.pairs
        ]

    @property
    def proven(self) -> int:
        return sum(pair.standing is PairStanding.PROVEN for pair in self.pairs)

    @property
    def is_single_vendor(self) -> bool:
        """Whether one vendor carries all traffic, so that there is no pair to prove."""
        return self.state == "n-a"


@dataclass(frozen=True, slots=True)
class FleetPair:
    """One pair at its versions over all sites that link it.

    `at_stake` is the capacity of the sites where the pair is not proven and the check applies.
    """

    installed: Installed
    standing: PairStanding
    reason: str
    places: Sequence[tuple[SitePairs, JudgedPair]]
    at_stake: CapacityFigures

    @property
    def proven_sites(self) -> int:
        return sum(pair.standing is PairStanding.PROVEN for _, pair in self.places)

    @property
    def proven_until(self) -> datetime | None:
        """When the first of its proofs ends."""
        ends = (proven_until(pair, site.validity) for site, pair in self.places)
        return min((end for end in ends if end is not None), default=None)

    @property
    def worst_site(self) -> Site:
        return min(self.places, key=lambda place: WORST_FIRST.index(place[1].standing))[0].site


def sites() -> QuerySet[Site]:
    return Site.objects.exclude(stage=Site.Stage.RETIRED).select_related("region").order_by("name", "pk")


def pairs_of_sites(sites: Sequence[Site], *, now: datetime) -> list[SitePairs]:
    """The pairs of each site, in the order of the sites; ten statements for any number of sites, links and records.

    Raises KeyError if the framework in force has no such check.
    """
    _, framework = framework_queries.current()
    check = framework.check(CHECK).add_stand_ins(["pairs-proven"])
    validity = timedelta(seconds=check.part("pairs-proven").validity.limit_s(None) or 0)
    ids = [site.pk for site in sites]
    pairs = pairs_at(ids, framework, check, now=now)
    capacity = present_capacity(sites, now=now)
    results = CheckResult.objects.filter(site_id__in=ids, check_id=CHECK).select_related("site__score")
    stored = {result.site_id: result for result in results}
    return [
        SitePairs(
            site=site,
            state=stored[site.pk].state if site.pk in stored else None,
            reason=stored[site.pk].reason if site.pk in stored else "",
            evaluated_at=stored[site.pk].site.score.evaluated_at if site.pk in stored else None,
            deployed=capacity[site.pk].deployed,
            pairs=sorted(pairs.get(site.pk, ()), key=_worst_first),
            validity=validity,
        )
        for site in sites
    ]


def fleet_pairs(sites: Iterable[SitePairs]) -> list[FleetPair]:
    places: dict[object, list[tuple[SitePairs, JudgedPair]]] = defaultdict(list)
    for site in sites:
        for pair in site.pairs:
            places[pair.installed.key].append((site, pair))
    return sorted(map(_fleet_pair, places.values()), key=_most_at_stake)


def _fleet_pair(places: Sequence[tuple[SitePairs, JudgedPair]]) -> FleetPair:
    worst = min((pair for _, pair in places), key=lambda pair: WORST_FIRST.index(pair.standing))
    open_at = [
        site.deployed
        for site, pair in places
        if pair.standing is not PairStanding.PROVEN and not site.is_single_vendor
    ]
    return FleetPair(
        installed=reduce(add, (pair.installed for _, pair in places)),
        standing=worst.standing,
        reason=worst.reason,
        places=places,
        at_stake=sum(open_at, start=CapacityFigures(0, 0)),
    )


@dataclass(frozen=True, slots=True)
class ProductPairCell:
    """All pairs of two products over their versions, worst first, counted by standing."""

    standings: Counter[PairStanding]
    links: int
    back_end: bool
    pairs: Sequence[FleetPair | JudgedPair]

    @property
    def worst(self) -> PairStanding:
        return min(self.standings, key=WORST_FIRST.index)

    @property
    def total(self) -> int:
        return sum(self.standings.values())

    @property
    def proven(self) -> int:
        return self.standings[PairStanding.PROVEN]

    @property
    def counted(self) -> list[tuple[PairStanding, int]]:
        return [(standing, self.standings[standing]) for standing in WORST_FIRST if self.standings[standing]]


type Product = tuple[str, str]
"""Vendor and model."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """A cell for each two linked products, keyed by their row and column, the larger index first."""

    products: Sequence[Product]
    cells: dict[tuple[int, int], ProductPairCell]

    @property
    def rows(self) -> list[tuple[Product, list[tuple[Product, ProductPairCell | None]]]]:
        """Each product with its cells; only below the diagonal, because a pair has no direction."""
        return [
            (product, [(other, self.cells.get((row, column))) for column, other in enumerate(self.products)])
            for row, product in enumerate(self.products)
        ]


def matrix(pairs: Sequence[FleetPair] | Sequence[JudgedPair]) -> Matrix:
    names = {end.product: (end.vendor, end.model) for pair in pairs for end in pair.installed.ends}
    order = sorted(names)
    cells: dict[tuple[int, int], ProductPairCell] = {}
    for pair in pairs:
        row, column = sorted((order.index(end.product) for end in pair.installed.ends), reverse=True)
        cell = cells.get((row, column), ProductPairCell(Counter(), 0, False, ()))
        cells[row, column] = ProductPairCell(
            cell.standings + Counter([pair.standing]),
            cell.links + pair.installed.links,
            cell.back_end or pair.installed.back_end_links > 0,
            (*cell.pairs, pair),
        )
    return Matrix([names[product] for product in order], cells)


def _worst_first(pair: JudgedPair) -> tuple[int, bool, str]:
    return WORST_FIRST.index(pair.standing), not pair.installed.back_end_links, pair.installed.name


def _most_at_stake(pair: FleetPair) -> tuple[int, float, str]:
    return WORST_FIRST.index(pair.standing), -pair.at_stake.it_kw, pair.installed.name
