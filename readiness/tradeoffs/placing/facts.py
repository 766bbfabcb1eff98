"""The facts of all sites, kept while nothing changes: reading 1,000 sites takes longer than placing a workload.

Facts are read again once a minute, and earlier if people, scoring or the inventory changed anything; telemetry shows
after a minute at most. Inputs of a candidate that depend only on currency and carbon are built once for each reading:
building them took half of the 100 ms of a question over 1,000 sites.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from inventory.models import Accelerator, CapacityEvent, Device, DeviceType, Link, Region, Site
from readiness.assessment.evidence.models import Measure
from readiness.assessment.evidence.queries import CircuitLoads, circuit_loads
from readiness.assessment.framework import queries as framework
from readiness.assessment.framework.models import FrameworkVersion
from readiness.assessment.scoring.core.states import Provenance, Verdict
from readiness.assessment.scoring.models import CheckResult, DomainHealth, SiteScore
from readiness.demand.workloads.core.envelope import Envelope
from readiness.golive.models import Campaign
from readiness.organisation.people.fleet import FLEET_PEOPLE, fleet_people
from readiness.tradeoffs.factors.core.factors import (
    Factor,
    KnownValue,
    Rates,
    SiteFactors,
    ValueBasis,
    capital_hour,
    outdated,
)
from readiness.tradeoffs.factors.queries.site_factors import factors_of, known_rates
from readiness.tradeoffs.factors.queries.stored import ENTERED
from readiness.tradeoffs.models import ExchangeRate
from readiness.tradeoffs.moves.options import BandedFigure, CarbonKind, Latency
from readiness.tradeoffs.placing import figures
from readiness.tradeoffs.placing.figures import NO_SOURCE, of_factor, of_known
from readiness.tradeoffs.placing.waiting import OpenCheck, OpeningDay, open_checks, opening_days
from telemetry.models import DirtyWindow, Series, Source
from web.cached import CachedAnswer
from web.units import how_many


@dataclass(frozen=True, slots=True)
class StoredScore:
    """The stored score and verdict of a site. Scores are from 0 to 1."""

    verdict: str
    score: float | None
    score_upper: float | None
    evaluated_at: datetime
    weakest: str = ""
    weakest_score: float | None = None

    @property
    def weakest_points(self) -> int | None:
        return None if self.weakest_score is None else round(self.weakest_score * 100)


@dataclass(frozen=True, slots=True)
class SiteStaffing:
    """Number of a site's requirements of people, and how many are not covered."""

    requirements: int
    uncovered: int

    @property
    def words(self) -> str:
        if not self.uncovered:
            return "staffed"
        return f"{how_many(self.uncovered, 'requirement', 'requirements')} uncovered"


@dataclass(frozen=True, slots=True, eq=False)
class FleetFacts:
    """All sites except retired ones by name, their stored scores by slug, and rates, as of `at`.

    `circuits` covers the sites, by slug, whose rack circuits are all metered, `staffing` those that require people.
    `waits` has the open BLOCK checks of sites that are not ready, `opens` the day of planned ones.
    """

    at: datetime
    sites: tuple[SiteFactors, ...]
    scores: Mapping[str, StoredScore]
    rates: Rates
    framework: str
    circuits: Mapping[str, CircuitLoads] = field(default_factory=dict)
    staffing: Mapping[str, SiteStaffing] = field(default_factory=dict)
    waits: Mapping[str, tuple[OpenCheck, ...]] = field(default_factory=dict)
    opens: Mapping[str, OpeningDay] = field(default_factory=dict)
    percentile: float = 50.0


FLEET_FACTS: CachedAnswer[None, FleetFacts] = CachedAnswer(
    "facts for placements",
    models=(
        *(ExchangeRate, Region, Site, Device, DeviceType, Accelerator, Link, CapacityEvent, Campaign),
        FrameworkVersion,
    ),
    rows=(SiteScore, DomainHealth),
    eventual=(CheckResult, Measure, DirtyWindow, Series, Source),
    answers=(ENTERED, FLEET_PEOPLE, framework.VERSIONS.documents),
    grain=timedelta(minutes=1),
)


def fleet_facts(percentile: float, now: datetime) -> FleetFacts:
    """Return facts of `now`, or of up to a minute before if nothing was written since; then one statement."""
    return FLEET_FACTS.value(lambda: _read(percentile, now), key=percentile, now=now)


def _read(percentile: float, now: datetime) -> FleetFacts:
    in_force = framework.current()[1]
    scores, version = _scores({pillar.id: pillar.name for pillar in in_force.pillars})
    sites = factors_of(None, now, percentile=percentile)
    loads = circuit_loads([site.site_id for site in sites], now=now)
    return FleetFacts(
        now,
        sites,
        scores,
        known_rates(now),
        version,
        circuits={site.slug: loads[site.site_id] for site in sites if site.site_id in loads},
        staffing=_staffing(now),
        waits=open_checks(in_force),
        opens=opening_days(now),
        percentile=percentile,
    )


def _staffing(now: datetime) -> dict[str, SiteStaffing]:
    people = fleet_people(now=now)
    return {
        people.sites[site_id].slug: SiteStaffing(
            len(covered.requirements), sum(each.is_short for each in covered.requirements)
        )
        for site_id, covered in people.covered.items()
        if covered.requirements
    }


def _scores(names: Mapping[str, str]) -> tuple[dict[str, StoredScore], str]:
    rows = SiteScore.objects.order_by("pk").values_list(
        "site__slug",
        "verdict",
        "score",
        "score_upper",
        "evaluated_at",
        "pillars",
        "framework_version__version",
    )
    scores: dict[str, StoredScore] = {}
    versions: set[str] = set()
    for slug, verdict, score, upper, evaluated_at, pillars, version in rows:
        versions.add(version)
        weakest, least = _weakest(pillars)
        scores[slug] = StoredScore(
            verdict, score, upper, evaluated_at, names.get(weakest, weakest).lower(), least
        )
    # During a change of version some sites are still judged by the old one.
    return scores, ", ".join(sorted(versions))


def _weakest(pillars: Mapping[str, Any]) -> tuple[str, float | None]:
    scored = [
        (score, pillar)
        for pillar, of_pillar in pillars.items()
        if (score := of_pillar.get("score") if isinstance(of_pillar, Mapping) else of_pillar) is not None
    ]
    if not scored:
        return "", None
    score, pillar = min(scored)
    return pillar, score


ANY = "any"
"""Accelerators of any type, in demand and among the free ones."""
ACCELERATORS = "accelerators"
HOUR = "cost of an accelerator-hour"
INPUTS: "CachedAnswer[None, Mapping[str, PlacementInputs]]" = CachedAnswer("inputs of placements", most=16)


def inputs_of(facts: FleetFacts, currency: str, carbon: CarbonKind) -> "Mapping[str, PlacementInputs]":
    return INPUTS.value(
        lambda: {site.slug: PlacementInputs(site, facts, currency, carbon) for site in facts.sites},
        key=(facts.percentile, currency, carbon),
        basis=facts,
    )


def _part(kind: str, name: str, unit: str | None = None) -> cached_property[BandedFigure]:
    return cached_property(lambda inputs: of_factor(name, inputs.site.factors.get(kind), unit))


class PlacementInputs:
    """Inputs of one site; each is built when it is first needed."""

    def __init__(self, site: SiteFactors, facts: FleetFacts, currency: str, carbon: CarbonKind) -> None:
        self.site = site
        self._facts, self._currency, self._carbon = facts, currency, carbon
        self._latency: dict[str, tuple[Latency, ...]] = {}
        self._capital: dict[int, BandedFigure] = {}

    pue = _part("pue", "PUE")
    utilisation = _part("accelerator_utilisation", "accelerator utilisation")
    idle = _part("accelerator_idle_kw", "idle power of an accelerator")
    headroom = _part("power_headroom_kw", "power headroom", "kW")
    free_bandwidth = _part("network_free_gbps", "free bandwidth", "Gb/s")

    @cached_property
    def intensity(self) -> BandedFigure:
        kind = self._carbon
        return of_factor(f"carbon intensity ({kind})", self.site.factors.get(f"carbon_{kind}"), "gCO2e/kWh")

    @cached_property
    def contract(self) -> BandedFigure:
        """The stated cost of an accelerator-hour, including energy. A computed one does not count and has no source."""
        factor = self.site.factors.get("accelerator_hour_cost")
        if factor is None or not factor.known:
            return of_factor(HOUR, factor)
        stated = tuple(known for known in factor.known if known.basis is not ValueBasis.COMPUTED)
        if not stated:
            return BandedFigure(None, "")
        return of_known(HOUR, self._money(replace(factor, known=stated)))

    @cached_property
    def capital(self) -> BandedFigure:
        capex = self._money(self.site.factors.get("accelerator_capex"))
        years = self.site.factors.get("depreciation_years")
        if isinstance(capex, str):
            return of_known("capital cost of an accelerator", capex)
        if years is None or years.best is None:
            return of_factor("depreciation", years)
        return figures.figure_of(capital_hour(capex, years.best))

    def capital_of(self, count: int) -> BandedFigure:
        if count not in self._capital:
            self._capital[count] = figures.held(count, self.capital, self._currency)
        return self._capital[count]

    @cached_property
    def price(self) -> BandedFigure:
        return of_known("electricity price", self._money(self.site.factors.get("electricity_price")))

    @cached_property
    def outdated(self) -> dict[str, str]:
        best = {kind: factor.best for kind, factor in self.site.factors.items()}
        best |= {f"latency.{region}": factor.best for region, factor in self.site.latency.items()}
        return {
            kind: f"{kind.partition('.')[0].replace('_', ' ')} {words}"
            for kind, known in best.items()
            if known is not None and (words := outdated(kind, known, self._facts.at))
        }

    @cached_property
    def verdict(self) -> Verdict | None:
        return Verdict(self.site.verdict) if self.site.verdict else None

    @cached_property
    def readiness(self) -> BandedFigure:
        """The score in points of 100; its band ends at the upper score."""
        standing = self._facts.scores.get(self.site.slug)
        if standing is None or standing.score is None:
            return BandedFigure(None, "points", source="readiness unknown: the site has no score")
        score = standing.score * 100
        upper = None if standing.score_upper is None else max(score, standing.score_upper * 100)
        banded = upper is not None and upper > score
        return BandedFigure(
            score, "points", Provenance.MEASURED, standing.evaluated_at,
            score if banded else None, upper if banded else None, "score",
        )  # fmt: skip

    @cached_property
    def free_accelerators(self) -> dict[str, BandedFigure]:
        return free_accelerators(self.site, None)

    def latency(self, region: str) -> tuple[Latency, ...]:
        if region not in self._latency:
            factor = self.site.latency.get(region)
            latencies: dict[float, Latency] = {}
            for known in factor.known if factor else ():
                # A round trip without a percentile counts as a typical one.
                percentile = 50.0 if known.percentile is None else known.percentile
                if percentile not in latencies:
                    latencies[percentile] = Latency(region, percentile, figures.figure_of(known))
            self._latency[region] = tuple(latencies.values())
        return self._latency[region]

    def _money(self, factor: Factor | None) -> KnownValue | str:
        if factor is None or not factor.known:
            return factor.unknown if factor else NO_SOURCE
        for known in factor.known:
            converted = self._facts.rates.converted(known, self._currency)
            if converted is not None:
                return converted
        return f"no rate from {factor.known[0].currency} to {self._currency} is known"


def free_accelerators(site: SiteFactors, own: Envelope | None) -> dict[str, BandedFigure]:
    """Free accelerators by type and of any type; those that the workload holds there are free for itself.

    A site has one known total. If it has one type, the total belongs to it; with several types it bounds each. A type
    not in service there has none, unless the inventory has nothing at all.
    """
    free = of_factor("free accelerators", site.factors.get("accelerators_free"), ACCELERATORS)
    types = {kind: float(count) for kind, count in site.accelerators.items()}
    held = {need.type or ANY: float(need.count) for need in own.accelerators} if own else {}
    installed = sum(types.values())
    if free.value is None:
        unknown = {
            ANY: BandedFigure(None, ACCELERATORS, high=installed if types else None, source=free.source)
        }
        return unknown | {
            kind: BandedFigure(None, ACCELERATORS, low=0.0, high=count, source=free.source)
            for kind, count in types.items()
        }
    total = figures.moved(free, sum(held.values()))
    free_by_type = {ANY: total}
    for kind, count in types.items():
        if len(types) == 1:
            free_by_type[kind] = total
            continue
        mine = held.get(kind, 0.0) + held.get(ANY, 0.0)
        low = max(min(held.get(kind, 0.0), count), total.least - (installed - count), 0.0)
        high = max(low, min(count, free.most + mine))
        message = f"{free.value:g} free of {len(types)} types ({free.source})"
        free_by_type[kind] = BandedFigure(
            None, ACCELERATORS, total.provenance, total.as_of, low=low, high=high, source=message
        )
    return free_by_type
