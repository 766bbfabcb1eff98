"""The values that placing works on: what a site offers, what a workload asks, and what it may not exceed.

They know no other room: an adapter makes them from envelopes, site factors, verdicts and the rules of jurisdiction.
Missing is unknown and never 0: a type of accelerator that a candidate does not name is one nobody counted there.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from readiness.scoring.core.states import Provenance, Verdict


class JurisdictionAnswer(StrEnum):
    """The answer of the rules of jurisdiction about a workload's data at a site."""

    ALLOWED = "allowed"
    NEEDS_BASIS = "needs-basis"
    FORBIDDEN = "forbidden"
    CANNOT_DECIDE = "cannot-decide"
    DECLARED = "declared"
    """The rules do not speak of the case, and whoever declared the envelope names the country among those allowed."""
    NOT_ASKED = "not-asked"
    """The envelope names no data, so that there is nothing to ask."""

    @property
    def words(self) -> str:
        special = {"cannot-decide": "cannot be decided", "declared": "allowed by the envelope alone"}
        return special.get(self.value, self.value.replace("-", " ").replace("needs", "needs a"))


class CarbonKind(StrEnum):
    """The intensity that carbon is counted with: the grid's mean, its marginal plant, or that of contracts."""

    AVERAGE = "average"
    MARGINAL = "marginal"
    MARKET = "market"


VERDICT_RANK = {Verdict.NOT_READY: 0, Verdict.CONDITIONAL: 1, Verdict.READY: 2}


class FigureError(ValueError):
    """A figure that contradicts itself, or two that are not of one unit."""


@dataclass(frozen=True, slots=True)
class BandedFigure:
    """One number with what it stands on. Without a value it is unknown, and `low` and `high` may still bound it."""

    value: float | None
    unit: str
    provenance: Provenance | None = None
    as_of: datetime | None = None
    low: float | None = None
    high: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if self.low is None and self.high is None and (self.value is None or math.isfinite(self.value)):
            # Most are so, and a placement makes ten for each of a thousand sites.
            return
        given = (self.low, self.value, self.high)
        known = [end for end in given if end is not None]
        if not all(math.isfinite(value) for value in known):
            raise FigureError(f"{given} {self.unit}: a figure is a finite number, or unknown")
        if known != sorted(known):
            raise FigureError(f"{given} {self.unit}: low, value and high have to be in this order")

    @property
    def least(self) -> float:
        """The smallest it can be; minus infinity where nothing bounds it."""
        if self.low is not None:
            return self.low
        return -math.inf if self.value is None else self.value

    @property
    def most(self) -> float:
        """The largest it can be; infinity where nothing bounds it."""
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
    """The answer for the data of one workload at one site; `rule` names what gave it, or what it lacks.

    `sovereignty` is the answer about whoever controls the site's operator, with its own rule. `text` is a sentence,
    `rules` are ids.
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

    Costs are in one currency for all candidates, by the unit of the figure (`EUR/h`, `EUR/month`). `free_accelerators`
    has the number free by type: `Figure(0, …)` where there are none, no entry where it is unknown. `feed_load` and
    `residency` serve the consequence line alone: load in percent of each feed with the workload there, and the zones
    whose residency the site keeps (`EU residency`).
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
    free_bandwidth: BandedFigure = field(default_factory=lambda: unknown("Gb/s"))
    feed_load: Mapping[str, BandedFigure] = field(default_factory=dict)
    residency: frozenset[str] = frozenset()

    def latency_at(self, region: str, percentile: float) -> BandedFigure:
        """Return what is known of the latency at this percentile.

        Latency does not fall as the percentile rises: a figure of a lower percentile is a lower bound and one of a
        higher percentile an upper bound, where the one asked for is not there.
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
    """A limit with its unit, which has to be that of the figures it is held against."""

    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Demand:
    """The demand of a workload on a site. None: the envelope does not say, so that nothing is asked."""

    accelerators: Mapping[str, int] = field(default_factory=dict)
    power_kw: float | None = None
    bandwidth_gbps: float | None = None


@dataclass(frozen=True, slots=True)
class LatencyLimit:
    region: str
    percentile: float
    limit_ms: float


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits that an envelope sets a site. None: no limit stands, and every country is allowed."""

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
    """Latency as one objective: that of the farthest of the regions that the envelope serves.

    Unknown for one region is unknown for all, with what is known as its lower bound.
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
