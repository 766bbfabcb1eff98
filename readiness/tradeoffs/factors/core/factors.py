"""A factor of a site: one value for each source, the one that counts, and the reason if there is none.

Nothing is filled in: a factor without a source is unknown, with the reason, and never 0.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from functools import cache

from readiness.assessment.evidence.core.parsed import LEAST_TRUSTED_LAST
from readiness.tradeoffs.factors.core.power import AcceleratorPower
from readiness.tradeoffs.units import data


class ValueBasis(StrEnum):
    """The origin of a value, most trusted first."""

    TELEMETRY = "telemetry"
    PUBLISHED = "published"
    DECLARED = "declared"
    COMPUTED = "computed"
    GREAT_CIRCLE = "great-circle"


_ORDER = {basis: place for place, basis in enumerate(ValueBasis)}

DISAGREE_SHARE = 0.05
"""Sources disagree if they differ by more than this share of the larger value and their bands do not overlap (our
judgement)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownValue:
    """One value of one source.

    `low` and `high` are its band, both None if the source gives none. `as_of` is when it began to hold or was measured;
    for an entered value, `as_of_on` and `until_on` are its first and last day at the site. `coverage` is the known
    share of the period of a mean. `caution` says why it should be checked again.
    """

    value: float
    unit: str
    basis: ValueBasis
    provenance: str
    source: str
    as_of: datetime
    currency: str = ""
    low: float | None = None
    high: float | None = None
    percentile: float | None = None
    coverage: float | None = None
    detail: str = ""
    caution: str = ""
    as_of_on: date | None = None
    until_on: date | None = None

    def age_s(self, at: datetime) -> float:
        return (at - self.as_of).total_seconds()

    def disagrees_with(self, other: "KnownValue") -> bool:
        """Whether both have the same unit and differ too much. Two currencies are not compared here."""
        if self.unit != other.unit or self.percentile != other.percentile:
            return False
        difference = abs(self.value - other.value)
        if difference <= DISAGREE_SHARE * max(abs(self.value), abs(other.value)):
            return False
        return _least(self) > _most(other) or _least(other) > _most(self)


def _least(value: KnownValue) -> float:
    return value.value if value.low is None else value.low


def _most(value: KnownValue) -> float:
    return value.value if value.high is None else value.high


@dataclass(frozen=True, slots=True)
class Factor:
    """`values` has a value for each source, the one that counts first; empty if `unknown` says why there is none."""

    kind: str
    values: tuple[KnownValue, ...] = ()
    unknown: str = ""

    @property
    def best(self) -> KnownValue | None:
        return self.values[0] if self.values else None

    @property
    def others(self) -> tuple[KnownValue, ...]:
        return self.values[1:]

    @property
    def disagrees(self) -> bool:
        return any(self.values[0].disagrees_with(other) for other in self.others)


def settled(kind: str, values: Iterable[KnownValue], unknown: str) -> Factor:
    """Build the factor from its sources: telemetry before publications, declared values and computed ones.

    Among equals, the more trusted provenance counts, then the newer value, then the source by name.
    """
    candidates = tuple(values)
    if not candidates:
        return Factor(kind, unknown=unknown)
    return Factor(kind, candidates if len(candidates) == 1 else tuple(sorted(candidates, key=_rank)))


def _rank(value: KnownValue) -> tuple[int, int, float, str]:
    trust = LEAST_TRUSTED_LAST.index(value.provenance)
    return _ORDER[value.basis], trust, -value.as_of.timestamp(), value.source


@dataclass(frozen=True, slots=True)
class SiteFactors:
    """Everything known about a site at an instant.

    `latency` is by slug of the user region, `between` by slug of a site. `verdict` is empty without a verdict,
    `operator_country` if unknown. `accelerators` are those in service, by slug of their type; `power` is that of one
    with its share of the node, without the types whose nodes state no watts.
    """

    site_id: int
    slug: str
    name: str
    country: str
    region: str
    stage: str
    verdict: str
    score: float | None
    accelerators: Mapping[str, int]
    factors: Mapping[str, Factor]
    latency: Mapping[str, Factor] = field(default_factory=dict)
    between: Mapping[str, Factor] = field(default_factory=dict)
    operator_country: str = ""
    power: Mapping[str, AcceleratorPower] = field(default_factory=dict)


HOURS_A_YEAR = 8_766.0
"""Hours of a mean year of 365.25 days."""
HOURS_A_MONTH = HOURS_A_YEAR / 12


def accelerator_hour(
    capex: KnownValue, years: KnownValue, power_kw: KnownValue, price: KnownValue, pue: KnownValue
) -> KnownValue | None:
    """Cost of an hour that an accelerator is held: capital, and energy at the meter as if `power_kw` were drawn; None
    if the parts have different currencies. An hour in use costs more, by the utilisation.
    """
    if capex.currency != price.currency:
        return None
    capital = capital_hour(capex, years)
    drawn = (power_kw, pue, price)
    low = _least(capital) + math.prod(map(_least, drawn))
    high = _most(capital) + math.prod(map(_most, drawn))
    value = capital.value + math.prod(part.value for part in drawn)
    detail = f"capital {capital.value:.4g}, the rest energy; no staff, space or interest"
    return _an_hour((capex, years, *drawn), (low, value, high), "computed from its parts", detail)


def capital_hour(capex: KnownValue, years: KnownValue) -> KnownValue:
    """Capital spread evenly over every hour that the accelerator is held, in use or not."""
    low = _least(capex) / (_most(years) * HOURS_A_YEAR)
    high = _most(capex) / (_least(years) * HOURS_A_YEAR)
    value = capex.value / (years.value * HOURS_A_YEAR)
    return _an_hour((capex, years), (low, value, high), f"capital of {capex.source}")


def _an_hour(
    parts: Sequence[KnownValue], band: tuple[float, float, float], source: str, detail: str = ""
) -> KnownValue:
    """Cost of an hour, computed from its parts, the first of which is money; it has a band if a part has one."""
    low, value, high = band
    banded = any(part.low is not None for part in parts)
    trust = max((part.provenance for part in parts), key=LEAST_TRUSTED_LAST.index)
    return KnownValue(
        value=value,
        unit=f"{parts[0].currency}/h",
        currency=parts[0].currency,
        basis=ValueBasis.COMPUTED,
        provenance="simulated" if trust == "simulated" else "estimated",
        source=source,
        as_of=min(part.as_of for part in parts),
        low=low if banded else None,
        high=high if banded else None,
        detail=detail,
    )


@dataclass(frozen=True, slots=True)
class KnownRate:
    """One `currency` is `rate` of `to_currency`."""

    currency: str
    to_currency: str
    rate: float
    as_of: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Rates:
    """The exchange rates in force, one for each pair and source."""

    all: tuple[KnownRate, ...] = ()

    def rate_between(self, currency: str, to_currency: str) -> KnownRate | None:
        """The newest rate of a pair, in either direction, else over the common currency with the newest rates; None if
        there is no such way: unknown.
        """
        direct = self._stated(currency, to_currency)
        if direct is not None:
            return direct
        pivots = {code for rate in self.all for code in (rate.currency, rate.to_currency)}
        crossed = [
            KnownRate(
                currency,
                to_currency,
                first.rate * second.rate,
                min(first.as_of, second.as_of),
                "; ".join(dict.fromkeys((first.source, second.source))),
            )
            for pivot in sorted(pivots - {currency, to_currency})
            if (first := self._stated(currency, pivot)) and (second := self._stated(pivot, to_currency))
        ]
        return max(crossed, key=lambda rate: (rate.as_of, rate.source, rate.rate), default=None)

    def _stated(self, currency: str, to_currency: str) -> KnownRate | None:
        stated = [rate for rate in self.all if (rate.currency, rate.to_currency) == (currency, to_currency)]
        stated += [
            KnownRate(currency, to_currency, 1 / rate.rate, rate.as_of, rate.source)
            for rate in self.all
            if (rate.currency, rate.to_currency) == (to_currency, currency)
        ]
        return max(stated, key=lambda rate: (rate.as_of, rate.source), default=None)

    def converted(self, value: KnownValue, to_currency: str) -> KnownValue | None:
        """A value in another currency; None without a rate. Values that are not money stay the same."""
        if not value.currency or value.currency == to_currency:
            return value
        rate = self.rate_between(value.currency, to_currency)
        if rate is None:
            return None
        return replace(
            value,
            value=value.value * rate.rate,
            unit=value.unit.replace(value.currency, to_currency, 1),
            currency=to_currency,
            source=f"{value.source}; rate of {rate.as_of:%-d %b %Y}, {rate.source}",
            low=None if value.low is None else value.low * rate.rate,
            high=None if value.high is None else value.high * rate.rate,
        )


def converted_factors(site: SiteFactors, rates: Rates, currency: str) -> SiteFactors:
    factors = {kind: compared(factor, rates, currency) for kind, factor in site.factors.items()}
    return replace(site, factors=factors)


def compared(factor: Factor, rates: Rates, currency: str) -> Factor:
    converted: Sequence[KnownValue | None] = [rates.converted(value, currency) for value in factor.values]
    comparable = tuple(value for value in converted if value is not None)
    if comparable or not factor.values:
        return Factor(factor.kind, comparable, factor.unknown)
    money = ", ".join(dict.fromkeys(value.currency for value in factor.values))
    return Factor(factor.kind, unknown=f"No rate from {money} to {currency} is known.")


DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class AgeLimit:
    days: int
    reason: str


@cache
def age_limits() -> Mapping[str, AgeLimit]:
    return {kind: AgeLimit(**limit) for kind, limit in data("ages").items()}


def outdated(kind: str, value: KnownValue, at: datetime) -> str:
    """`1,062 days old; due for review after 731 days: …`; empty within the age limit.

    Computed values are as old as their parts, which have their own texts, and values with a stated last day are in
    force.
    """
    if value.basis in (ValueBasis.COMPUTED, ValueBasis.GREAT_CIRCLE) or value.until_on is not None:
        return ""
    limit, days = age_limits().get(kind.partition(".")[0]), value.age_s(at) / DAY_S
    if limit is None or days <= limit.days:
        return ""
    return f"{int(days):,} days old; due for review after {limit.days:,} days: {limit.reason}"
