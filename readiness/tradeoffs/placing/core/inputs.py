"""Facts of all sites as frozen values, and the inputs of one candidate from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property

from readiness.assessment.evidence.core.load import CircuitLoads
from readiness.assessment.scoring.core.states import Provenance, Verdict
from readiness.demand.workloads.core.envelope import Envelope
from readiness.tradeoffs.factors.core.factors import (
    Factor,
    KnownValue,
    Rates,
    SiteFactors,
    ValueBasis,
    capital_hour,
    outdated,
)
from readiness.tradeoffs.moves.options import BandedFigure, CarbonKind, Latency
from readiness.tradeoffs.placing.core import figures
from readiness.tradeoffs.placing.core.figures import NO_SOURCE, factor_figure, value_figure


@dataclass(frozen=True, slots=True)
class OpenCheck:
    """A BLOCK check that keeps a site from being ready."""

    check: str
    name: str
    state: str

    @property
    def words(self) -> str:
        return f"{self.name} ({self.state})"


@dataclass(frozen=True, slots=True)
class OpeningDay:
    """The day on which a planned site is due, and what says so."""

    on: date
    source: str


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


ANY = "any"
"""Accelerators of any type, in demand and among the free ones."""
ACCELERATORS = "accelerators"
HOUR = "cost of an accelerator-hour"


def _part(kind: str, name: str, unit: str | None = None) -> cached_property[BandedFigure]:
    return cached_property(lambda inputs: factor_figure(name, inputs.site.factors.get(kind), unit))


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
        return factor_figure(
            f"carbon intensity ({kind})", self.site.factors.get(f"carbon_{kind}"), "gCO2e/kWh"
        )

    @cached_property
    def contract(self) -> BandedFigure:
        """The stated cost of an accelerator-hour, including energy. A computed one does not count and has no source."""
        factor = self.site.factors.get("accelerator_hour_cost")
        if factor is None or not factor.values:
            return factor_figure(HOUR, factor)
        stated = tuple(value for value in factor.values if value.basis is not ValueBasis.COMPUTED)
        if not stated:
            return BandedFigure(None, "")
        return value_figure(HOUR, self._money(replace(factor, values=stated)))

    @cached_property
    def capital(self) -> BandedFigure:
        capex = self._money(self.site.factors.get("accelerator_capex"))
        years = self.site.factors.get("depreciation_years")
        if isinstance(capex, str):
            return value_figure("capital cost of an accelerator", capex)
        if years is None or years.best is None:
            return factor_figure("depreciation", years)
        return figures.figure_of(capital_hour(capex, years.best))

    def capital_of(self, count: int) -> BandedFigure:
        if count not in self._capital:
            self._capital[count] = figures.held_cost(count, self.capital, self._currency)
        return self._capital[count]

    @cached_property
    def price(self) -> BandedFigure:
        return value_figure("electricity price", self._money(self.site.factors.get("electricity_price")))

    @cached_property
    def outdated(self) -> dict[str, str]:
        best = {kind: factor.best for kind, factor in self.site.factors.items()}
        best |= {f"latency.{region}": factor.best for region, factor in self.site.latency.items()}
        return {
            kind: f"{kind.partition('.')[0].replace('_', ' ')} {words}"
            for kind, value in best.items()
            if value is not None and (words := outdated(kind, value, self._facts.at))
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
            for value in factor.values if factor else ():
                # A round trip without a percentile counts as a typical one.
                percentile = 50.0 if value.percentile is None else value.percentile
                if percentile not in latencies:
                    latencies[percentile] = Latency(region, percentile, figures.figure_of(value))
            self._latency[region] = tuple(latencies.values())
        return self._latency[region]

    def _money(self, factor: Factor | None) -> KnownValue | str:
        if factor is None or not factor.values:
            return factor.unknown if factor else NO_SOURCE
        for value in factor.values:
            converted = self._facts.rates.converted(value, self._currency)
            if converted is not None:
                return converted
        return f"no rate from {factor.values[0].currency} to {self._currency} is known"


def free_accelerators(site: SiteFactors, own: Envelope | None) -> dict[str, BandedFigure]:
    """Free accelerators by type and of any type; those that the workload holds there are free for itself.

    A site has one known total. If it has one type, the total belongs to it; with several types it bounds each. A type
    not in service there has none, unless the inventory has nothing at all.
    """
    free = factor_figure("free accelerators", site.factors.get("accelerators_free"), ACCELERATORS)
    types = {kind: float(count) for kind, count in site.accelerators.items()}
    own_counts = {need.type or ANY: float(need.count) for need in own.accelerators} if own else {}
    installed = sum(types.values())
    if free.value is None:
        unknown = {
            ANY: BandedFigure(None, ACCELERATORS, high=installed if types else None, source=free.source)
        }
        return unknown | {
            kind: BandedFigure(None, ACCELERATORS, low=0.0, high=count, source=free.source)
            for kind, count in types.items()
        }
    total = figures.moved(free, sum(own_counts.values()))
    free_by_type = {ANY: total}
    for kind, count in types.items():
        if len(types) == 1:
            free_by_type[kind] = total
            continue
        own_count = own_counts.get(kind, 0.0) + own_counts.get(ANY, 0.0)
        low = max(min(own_counts.get(kind, 0.0), count), total.least - (installed - count), 0.0)
        high = max(low, min(count, free.most + own_count))
        message = f"{free.value:g} free of {len(types)} types ({free.source})"
        free_by_type[kind] = BandedFigure(
            None, ACCELERATORS, total.provenance, total.as_of, low=low, high=high, source=message
        )
    return free_by_type
