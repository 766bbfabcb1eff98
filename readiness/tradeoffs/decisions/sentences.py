"""Decisions in sentences, and objectives, factors and figures as readers know them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.text import capfirst

from readiness.tradeoffs.core.units import number, signed
from readiness.tradeoffs.decisions.queries import Pair
from readiness.tradeoffs.decisions.realising import IN_USE, PEAK
from readiness.tradeoffs.models import Decision, FactorKind
from web.units import how_many

OBJECTIVES = {
    "cost": "Cost",
    "latency": "Latency",
    "energy": "Energy",
    "carbon": "Carbon",
    "readiness": "Readiness",
    "compliance": "Compliance margin",
    PEAK: "Peak power of the site",
    IN_USE: "Accelerators in use at the site",
}


def objective(name: str) -> str:
    return str(OBJECTIVES.get(name, capfirst(name.replace("-", " "))))


def factor(kind: str) -> str:
    name, _dot, region = kind.partition(".")
    if name == "latency":
        return f"Round trip from {region}" if region else "Round trip"
    return str(FactorKind(kind).label) if kind in FactorKind.values else capfirst(kind.replace("_", " "))


def unit(stated: str) -> str:
    return stated.replace("/month", " a month")


def figure(value: float | None, stated_in: str) -> str:
    """`9,000 EUR a month`; empty where it is unknown."""
    return "" if value is None else f"{number(value)} {unit(stated_in)}".strip()


def band(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    return " to ".join("?" if end is None else number(end) for end in (low, high))


def percent(value: float | None) -> str:
    if value is None:
        return ""
    return f"{signed(round(value, 1))} %"


AS_IT_IS: Mapping[str, float] = {"demand": 1, "electricity_price": 1, "carbon_price": 0}
WITHIN = 15
"""Percent of what was expected that count as having come so."""


def levers(what_if: Mapping[str, Any]) -> list[tuple[str, str]]:
    moved = {
        name: value
        for name, value in what_if.items()
        if value not in (None, "", [], {}) and value != AS_IT_IS.get(name)
    }
    return [(name.replace("_", " "), spoken(value)) for name, value in sorted(moved.items())]


def spoken(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {spoken(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(spoken, value))
    return number(value) if isinstance(value, (int, float)) else str(value)


def flips(decision: Decision) -> list[str]:
    sensitivity = decision.sensitivity
    robust = sensitivity.get("robustness", {}).get("words")
    return [*([robust] if robust else []), *(flip["words"] for flip in sensitivity.get("flips", ()))]


def finding(pairs: Sequence[Pair], decision: Decision) -> str:
    if not pairs:
        if decision.state == Decision.State.RECORDED:
            return "It is compared once somebody has approved it."
        return "It was not approved, so nothing is compared."
    known = [pair.percent for pair in pairs if pair.percent is not None]
    if not known:
        return "Nothing of it can be compared: what came is unknown."
    within = sum(abs(percent) <= WITHIN for percent in known)
    # What nobody knows is among what was expected: leaving it out would read as if all had been checked.
    objectives = how_many(len(pairs), "objective", "objectives")
    sentence = f"{within} of {objectives} came within {WITHIN} % of what was expected"
    if missing := [pair.forecast.objective for pair in pairs if pair.percent is None]:
        sentence += f", {len(missing)} unknown ({', '.join(map(objective, missing))})"
    return sentence + ("." if pairs[0].final else ", so far.")


def versions(decision: Decision) -> str:
    snapshot = decision.snapshot
    rules = snapshot.get("rules") or {}
    named = [rules.get("version") if isinstance(rules, Mapping) else rules, snapshot.get("framework")]
    return ", ".join(str(version) for version in named if version)
