"""Objectives and factors as readers know them."""

from django.utils.functional import Promise
from django.utils.text import capfirst

from readiness.tradeoffs.core.words import number, signed
from readiness.tradeoffs.decisions.realising import IN_USE, PEAK
from readiness.tradeoffs.models import FactorKind

OBJECTIVES: dict[str, str | Promise] = {
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
    """A round trip is named by its user region."""
    name, _dot, region = kind.partition(".")
    if name == "latency":
        return f"Round trip from {region}" if region else "Round trip"
    return str(FactorKind(kind).label) if kind in FactorKind.values else capfirst(kind.replace("_", " "))


def unit(stated: str) -> str:
    """`EUR a month`."""
    return stated.replace("/month", " a month")


def figure(value: float | None, stated_in: str) -> str:
    """`9,000 EUR a month`; empty where it is unknown."""
    return "" if value is None else f"{number(value)} {unit(stated_in)}".strip()


def band(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    ends = ("?" if end is None else number(end) for end in (low, high))
    return "{low} to {high}".format(**dict(zip(("low", "high"), ends, strict=True)))


def percent(value: float | None) -> str:
    if value is None:
        return ""
    return f"{signed(round(value, 1))} %"
