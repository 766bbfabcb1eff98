"""The values for placing: what a site offers, what a workload needs, and its limits.

They know no other room: an adapter builds them from envelopes, site factors, verdicts and the rules of jurisdiction.
Missing means unknown, never 0: a type of accelerator that a candidate does not name was not counted there.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from readiness.assessment.scoring.core.states import Provenance, Verdict


class JurisdictionAnswer(StrEnum):
    """The answer of the rules of jurisdiction about a workload's data at a site."""

    ALLOWED = "allowed"
    NEEDS_BASIS = "needs-basis"
    FORBIDDEN = "forbidden"
    CANNOT_DECIDE = "cannot-decide"
    DECLARED = "declared"
    """The rules do not cover the case, and the envelope names the country among the allowed ones."""
    NOT_ASKED = "not-asked"
    """The envelope names no data, so the rules are not applied."""

    @property
    def words(self) -> str:
        special = {"cannot-decide": "cannot be decided", "declared": "allowed by the envelope alone"}
        return special.get(self.value, self.value.replace("-", " ").replace("needs", "needs a"))


class CarbonKind(StrEnum):
    """The carbon intensity used: the grid's mean, its marginal plant, or that of contracts."""

    AVERAGE = "average"
    MARGINAL = "marginal"
    MARKET = "market"


VERDICT_RANK = {Verdict.NOT_READY: 0, Verdict.CONDITIONAL: 1, Verdict.READY: 2}


class FigureError(ValueError):
    """A figure contradicts itself, or two figures have different units."""


@dataclass(frozen=True, slots=True)
class BandedFigure:
    """One number with its origin. Without a value it is unknown, and `low` and `high` may still bound it."""

    value: float | None
    unit: str
    provenance: Provenance | None = None
    as_of: datetime | None = None
    low: float | None = None
    high: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if self.low is None and self.high is None and (self.value is None or math.isfinite(self.value)):
            # The common case first: a placement makes ten figures for each of a thousand sites.
            return
        band = (self.low, self.value, self.high)
        numbers = [end for end in band if end is not None]
        if not all(math.isfinite(value) for value in numbers):
            raise FigureError(f"{band} {self.unit}: a figure is a finite number, or unknown")
        if numbers != sorted(numbers):
            raise FigureError(f"{band} {self.unit}: low, value and high have to be in this order")

    @property
    def least(self) -> float:
        """The smallest possible value; minus infinity without a bound."""
        if self.low is not None:
            return self.low
        return -math.inf if self.value is None else self.value

    @property
    def most(self) -> float:
        """The largest possible value; infinity without a bound."""
        if self.high is not None:
            return self.high
        return math.inf if self.value is None else self.value

    @property
    def bounded(self) -> bool:
        return self.least > -math.inf or self.most < math.inf

    @property
    def why_unknown(self) -> str:
        return "" if self.value is not None else self.source

    @property
    def exact(self) -> bool:
        return self.value is not None and (self.low is self.high is None or self.least == self.most)


def unknown(unit: str) -> BandedFigure:
    return BandedFigure(None, unit)


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """The answer for the data of one workload at one site; `rule` names the deciding rule, or what is missing.

    `sovereignty` is the answer about the owner of the site's operator, with its own rule. `text` is a sentence, `rules`
    are ids.
    """

    answer: JurisdictionAnswer
    rule: str
    sovereignty: JurisdictionAnswer = JurisdictionAnswer.NOT_ASKED
    sovereignty_rule: str = ""
    text: str = ""
    rules: tuple[str, ...] = ()
    sovereignty_text: str = ""
    sovereignty_rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Latency:
    """Latency of a site from one user region, at one percentile (50, 95, 99), in ms."""

    region: str
    percentile: float
    figure: BandedFigure


@dataclass(frozen=True, slots=True)
class CandidateSite:
    """One site as an option for one workload.

    Costs of all candidates are in one currency, named by the figure's unit (`EUR/h`, `EUR/month`). `free_accelerators`
    has the free number by type: `Figure(0, …)` for none, no entry if unknown. `it_power` is what the workload draws
    there typically, `peak_power` what it needs at most. `feed_load` and `residency` only serve
    the consequences: load in percent of each feed with the workload there, and the zones whose residency the site keeps
    (`EU residency`).
    """

    site: str
    country: str | None
    region: str
    jurisdiction: Jurisdiction
    latency: tuple[Latency, ...] = ()
    unit_cost: BandedFigure = field(default_factory=lambda: unknown("EUR/h"))
    monthly_cost: BandedFigure = field(default_factory=lambda: unknown("EUR/month"))
    energy: BandedFigure = field(default_factory=lambda: unknown("kWh/month"))
    carbon: BandedFigure = field(default_factory=lambda: unknown("kg CO2e/month"))
    carbon_intensity: BandedFigure = field(default_factory=lambda: unknown("gCO2e/kWh"))
    verdict: Verdict | None = None
    readiness: BandedFigure = field(default_factory=lambda: unknown("points"))
    free_accelerators: Mapping[str, BandedFigure] = field(default_factory=dict)
    headroom: BandedFigure = field(default_factory=lambda: unknown("kW"))
    it_power: BandedFigure = field(default_factory=lambda: unknown("kW"))
    peak_power: BandedFigure = field(default_factory=lambda: unknown("kW"))
    free_bandwidth: BandedFigure = field(default_factory=lambda: unknown("Gb/s"))
    feed_load: Mapping[str, BandedFigure] = field(default_factory=dict)
    residency: frozenset[str] = frozenset()

    def latency_at(self, region: str, percentile: float) -> BandedFigure:
        """Return the known latency at this percentile.

        Latency does not fall as the percentile rises: without the exact percentile, a lower one gives a lower bound and
        a higher one an upper bound.
        """
        for latency in self.latency:
            if latency.region == region and latency.percentile == percentile:
                return latency.figure
        of_region = [latency for latency in self.latency if latency.region == region]
        below = [latency.figure.least for latency in of_region if latency.percentile < percentile]
        above = [latency.figure.most for latency in of_region if latency.percentile > percentile]
        low, high = max(below, default=-math.inf), min(above, default=math.inf)
        return BandedFigure(None, "ms", low=_finite(low), high=_finite(high))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


@dataclass(frozen=True, slots=True)
class LimitBound:
    """A limit with its unit, which must be that of the compared figures."""

    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Demand:
    """The demand of a workload on a site. None means that the envelope states none.

    With `power_by_site` the power needed is the candidate's own, by its type of hardware, and `power_kw` counts only
    where that is unknown.
    """

    accelerators: Mapping[str, int] = field(default_factory=dict)
    power_kw: float | None = None
    power_by_site: bool = False
    bandwidth_gbps: float | None = None

    def power_at(self, candidate: CandidateSite) -> float | None:
        by_hardware = candidate.peak_power.value if self.power_by_site else None
        return self.power_kw if by_hardware is None else by_hardware


@dataclass(frozen=True, slots=True)
class LatencyLimit:
    region: str
    percentile: float
    limit_ms: float


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of an envelope for a site. None means no limit, or that every country is allowed."""

    latency: tuple[LatencyLimit, ...] = ()
    unit_cost: LimitBound | None = None
    monthly_cost: LimitBound | None = None
    energy: LimitBound | None = None
    carbon: LimitBound | None = None
    carbon_intensity: LimitBound | None = None
    verdict: Verdict | None = None
    readiness: LimitBound | None = None
    allowed_countries: frozenset[str] | None = None
    forbidden_countries: frozenset[str] = frozenset()


def worst_latency(candidate: CandidateSite, limits: tuple[LatencyLimit, ...]) -> BandedFigure:
    """Latency as one objective: that of the farthest region of the envelope.

    If one region is unknown, the result is unknown, with the known maximum as its lower bound.
    """
    latencies = [candidate.latency_at(limit.region, limit.percentile) for limit in limits]
    if not latencies:
        return unknown("ms")
    low = max(figure.least for figure in latencies)
    high = max(figure.most for figure in latencies)
    values = [figure.value for figure in latencies if figure.value is not None]
    worst = max(latencies, key=lambda figure: -math.inf if figure.value is None else figure.value)
    return BandedFigure(
        max(values) if len(values) == len(latencies) else None,
        "ms",
        worst.provenance,
        worst.as_of,
        _finite(low),
        _finite(high),
        worst.source,
    )
