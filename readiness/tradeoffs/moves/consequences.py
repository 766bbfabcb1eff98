"""The consequences of moving a workload from one site to another, in words, from the figures of both: "+18 ms, -11 %
cost, +240 kg CO2e a month, leaves EU residency, feed B to 91 %". Unchanged figures are left out; an unknown one is
named with its site. A change of figures with bands has a band too, and counts as unclear if the band contains both
signs.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from readiness.tradeoffs.moves.options import (
    VERDICT_RANK,
    BandedFigure,
    CandidateSite,
    FigureError,
    JurisdictionAnswer,
    LatencyLimit,
    worst_latency,
)
from readiness.tradeoffs.units import number, signed

FEED_TOLD_PERCENT = 80.0
"""A feed is mentioned from this load on: a continuous load may be at most 80 % of its rating (NFPA 70, 215.3: 125 %).
"""

_STRICTER = {
    JurisdictionAnswer.NOT_ASKED: 0,
    JurisdictionAnswer.ALLOWED: 0,
    JurisdictionAnswer.DECLARED: 1,
    JurisdictionAnswer.NEEDS_BASIS: 2,
    JurisdictionAnswer.CANNOT_DECIDE: 3,
    JurisdictionAnswer.FORBIDDEN: 4,
}


class ConsequenceDomain(StrEnum):
    NETWORK = "network"
    COST = "cost"
    ENERGY = "energy"
    REGULATION = "regulation"
    READINESS = "readiness"


class ConsequenceEffect(StrEnum):
    BETTER = "better"
    WORSE = "worse"
    UNCLEAR = "unclear"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Consequence:
    """One change. `change` is after less before in `unit`, with the ends that its figures allow."""

    domain: ConsequenceDomain
    name: str
    words: str
    effect: ConsequenceEffect
    change: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""


def consequences(
    before: CandidateSite, after: CandidateSite, latency: tuple[LatencyLimit, ...]
) -> tuple[Consequence, ...]:
    """Return the consequences of a move; `latency` names the regions and percentiles that count."""
    sites = (before.site, after.site)
    energy, carbon = (before.energy, after.energy), (before.carbon, after.carbon)
    served = (worst_latency(before, latency), worst_latency(after, latency))
    return (
        *(_changed(ConsequenceDomain.NETWORK, "latency", served, sites, "{} ms") if latency else ()),
        *_cost(before, after),
        *_changed(ConsequenceDomain.ENERGY, "energy", energy, sites, "{} kWh a month"),
        *_changed(ConsequenceDomain.ENERGY, "carbon", carbon, sites, "{} kg CO2e a month"),
        *_residency(before, after),
        *_readiness(before, after),
        *_feeds(after),
    )


def line(consequences: Iterable[Consequence]) -> str:
    return ", ".join(consequence.words for consequence in consequences)


def _changed(
    domain: ConsequenceDomain,
    name: str,
    pair: tuple[BandedFigure, BandedFigure],
    sites: tuple[str, str],
    words: str,
    more_is_better: bool = False,
) -> Iterator[Consequence]:
    before, after = pair
    if before.value is None or after.value is None:
        yield Consequence(domain, name, _unknown(name, pair, sites), ConsequenceEffect.UNKNOWN)
        return
    if before.unit != after.unit:
        raise FigureError(f"{name}: {before.unit} at {sites[0]} and {after.unit} at {sites[1]}")
    change, low, high = after.value - before.value, after.least - before.most, after.most - before.least
    if low == high == 0:
        return
    message = words.format(signed(change)) + _band(low, high)
    yield Consequence(
        domain, name, message, _effect(low, high, more_is_better), change, low, high, before.unit
    )


def _unknown(name: str, pair: tuple[BandedFigure, BandedFigure], sites: tuple[str, str]) -> str:
    where = [site for figure, site in zip(pair, sites, strict=True) if figure.value is None]
    return f"{name} unknown at {' and '.join(where)}"


def _band(low: float, high: float) -> str:
    return "" if low == high else f" ({signed(low)} to {signed(high)})"


def _effect(low: float, high: float, more_is_better: bool = False) -> ConsequenceEffect:
    if low < 0 < high:
        return ConsequenceEffect.UNCLEAR
    rises = high > 0
    return ConsequenceEffect.BETTER if rises is more_is_better else ConsequenceEffect.WORSE


def _cost(before: CandidateSite, after: CandidateSite) -> Iterator[Consequence]:
    """State the change in percent of the present cost; in money if that is zero or negative."""
    sites = (before.site, after.site)
    pair = (before.monthly_cost, after.monthly_cost)
    money = "{} " + pair[0].unit.replace("/", " a ")
    for paid in _changed(ConsequenceDomain.COST, "cost", pair, sites, money):
        base = before.monthly_cost.value
        if paid.change is None or paid.low is None or paid.high is None or base is None or base <= 0:
            yield paid
            continue
        change, low, high = (each / base * 100 for each in (paid.change, paid.low, paid.high))
        # Tenths of a percent do not matter, but a change must not be shown as no change.
        percent = signed(round(change)) if abs(change) >= 1 else signed(change)
        words = f"{percent} % cost{_band(low, high)}"
        yield Consequence(ConsequenceDomain.COST, "cost", words, paid.effect, change, low, high, "%")


def _residency(before: CandidateSite, after: CandidateSite) -> Iterator[Consequence]:
    domain = ConsequenceDomain.REGULATION
    for zone in sorted(before.residency - after.residency):
        yield Consequence(domain, "residency", f"leaves {zone} residency", ConsequenceEffect.WORSE)
    for zone in sorted(after.residency - before.residency):
        yield Consequence(domain, "residency", f"enters {zone} residency", ConsequenceEffect.BETTER)
    law_before, law_after = before.jurisdiction, after.jurisdiction
    # If the rules were not applied at either site, nothing changes.
    for name, subject, answers, rule in (
        ("jurisdiction", "transfer", (law_before.answer, law_after.answer), law_after.rule),
        ("operator", "operator", (law_before.sovereignty, law_after.sovereignty), law_after.sovereignty_rule),
    ):
        if answers[0] is not answers[1]:
            words = f"{subject} {answers[1].words} ({rule})"
            yield Consequence(domain, name, words, _stricter(*answers))


def _stricter(answer_before: JurisdictionAnswer, answer_after: JurisdictionAnswer) -> ConsequenceEffect:
    if answer_after is JurisdictionAnswer.CANNOT_DECIDE:
        return ConsequenceEffect.UNKNOWN
    return (
        ConsequenceEffect.WORSE
        if _STRICTER[answer_after] > _STRICTER[answer_before]
        else ConsequenceEffect.BETTER
    )


def _readiness(before: CandidateSite, after: CandidateSite) -> Iterator[Consequence]:
    verdict_before, verdict_after = before.verdict, after.verdict
    if verdict_before is verdict_after is not None:
        return
    words, effect = f"readiness unknown at {after.site}", ConsequenceEffect.UNKNOWN
    if verdict_after is not None:
        better = verdict_before is None or VERDICT_RANK[verdict_after] > VERDICT_RANK[verdict_before]
        words = f"to a {verdict_after.replace('-', ' ')} site"
        effect = ConsequenceEffect.BETTER if better else ConsequenceEffect.WORSE
    yield Consequence(ConsequenceDomain.READINESS, "verdict", words, effect)


def _feeds(after: CandidateSite) -> Iterator[Consequence]:
    domain = ConsequenceDomain.ENERGY
    for feed, load in sorted(after.feed_load.items()):
        name = f"feed {feed}"
        if load.value is None:
            yield Consequence(domain, name, f"load of {name} unknown", ConsequenceEffect.UNKNOWN)
        elif load.most >= FEED_TOLD_PERCENT:
            band = "" if load.exact else f" ({number(load.least)} to {number(load.most)})"
            words = f"{name} to {number(load.value)} %{band}"
            high = load.most if math.isfinite(load.most) else None
            yield Consequence(domain, name, words, ConsequenceEffect.WORSE, load.value, load.low, high, "%")
