"""A question from the body of a request or the address of a page, and who may ask it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from readiness.tradeoffs.placing.params import (
    LIMITS,
    NAMES,
    SPANS,
    AllowedSpan,
    BadTradeoffQuestion,
    CarbonKind,
    PlacementQuestion,
    number,
    weights_of,
    what_if_of,
)

MAY_PLACE = (
    "inventory.view_site",
    "scoring.view_sitescore",
    "workloads.view_workloadclass",
    "tradeoffs.view_sitefactor",
    "tradeoffs.view_latencyfactor",
)
_CURRENCY = re.compile(r"[A-Z]{3}")


def question_of(given: Mapping[str, Any]) -> PlacementQuestion:
    """Of `weights`, `what_if`, `currency`, `carbon` and `today`. Raises BadTradeoffQuestion with the field at fault."""
    for name in ("weights", "what_if"):
        if given.get(name) is not None and not isinstance(given[name], Mapping):
            raise BadTradeoffQuestion(name, "It has to be an object.")
    currency, carbon, today = (_text(given, name) for name in ("currency", "carbon", "today"))
    if currency and not _CURRENCY.fullmatch(currency):
        raise BadTradeoffQuestion("currency", "Three capital letters, ISO 4217.")
    if carbon and carbon not in list(CarbonKind):
        raise BadTradeoffQuestion("carbon", f"It has to be one of {', '.join(CarbonKind)}.")
    return PlacementQuestion(
        weights=weights_of(given.get("weights")),
        what_if=what_if_of(given.get("what_if")),
        currency=currency,
        carbon=CarbonKind(carbon) if carbon else CarbonKind.AVERAGE,
        today=today,
    )


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 100 or "\x00" in value:
        raise BadTradeoffQuestion(name, "It has to be a text of 100 characters at most.")
    return value


@dataclass(frozen=True, slots=True)
class Look:
    """How the page shows an answer: axes of the scatter, ranges that are kept by objective, two sites to compare."""

    x: str = "cost"
    y: str = "latency"
    ranges: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    compare: tuple[str, ...] = ()


PERCENTS = {"demand": "demand", "price": "electricity_price"}
LIMIT_NAMES = {
    "latency": "latency_limit_ms",
    "ceiling": "cost_ceiling",
    "kg": "carbon_kg_per_month",
    "grams": "carbon_g_per_kwh",
}
"""Limits as the address names them; readiness is `score` there, in points of 100."""


def from_address(given: QueryDict) -> PlacementQuestion:
    """The question of an address such as `?workload=chat&demand=120&price=80&w_cost=60&lost=fra-1`; what is empty is as
    it is. Demand, price and score are percents there. Raises BadTradeoffQuestion with the parameter at fault.
    """
    levers: dict[str, Any] = {
        name: _share(given, parameter, name) for parameter, name in PERCENTS.items() if given.get(parameter)
    }
    levers |= {name: given[name] for name in ("carbon_price", "pue") if given.get(name)}
    levers["sites_lost"] = [slug for slug in given.getlist("lost") if slug]
    if given.get("slow_ms") and given.get("slow_site"):
        levers["links_slower"] = [
            {"site": given["slow_site"], "add_ms": given["slow_ms"], "region": given.get("slow_region", "")}
        ]
    limits: dict[str, Any] = {name: given[key] for key, name in LIMIT_NAMES.items() if given.get(key)}
    if given.get("score"):
        limits["min_score"] = _share(given, "score", "min_score")
    limits |= {
        name: given[key]
        for key, name in (("verdict", "min_verdict"), ("residency", "residency"))
        if given.get(key)
    }
    levers["limits"] = limits
    levers["data_origin"] = given.get("origin", "")
    levers["bases"] = [basis for basis in given.getlist("basis") if basis]
    weights = {name: given[f"w_{name}"] for name in NAMES if given.get(f"w_{name}")}
    asked = {name: given.get(name, "") for name in ("currency", "carbon", "today")}
    return question_of({"weights": weights, "what_if": levers} | asked)


def look_of(given: QueryDict) -> Look:
    """Raises BadTradeoffQuestion."""
    axes = {axis: given.get(axis) or usual for axis, usual in (("x", "cost"), ("y", "latency"))}
    for axis, name in axes.items():
        if name not in NAMES:
            raise BadTradeoffQuestion(axis, f"There is no such objective; there are {', '.join(NAMES)}.")
    ranges = {}
    for name in NAMES:
        low, high = (_end(given, f"{end}_{name}") for end in ("from", "to"))
        if low is not None or high is not None:
            ranges[name] = (low, high)
    listed = ",".join(given.getlist("compare")).split(",")
    compare = tuple(dict.fromkeys(slug for slug in listed if slug))
    if len(compare) > 2:
        raise BadTradeoffQuestion("compare", "Choose two sites.")
    return Look(axes["x"], axes["y"], ranges, compare)


def _share(given: QueryDict, parameter: str, name: str) -> float:
    """A percent as a share."""
    span = SPANS.get(name) or LIMITS[name]
    return number(parameter, given[parameter], AllowedSpan(span.low * 100, span.high * 100)) / 100


def _end(given: QueryDict, parameter: str) -> float | None:
    text = given.get(parameter)
    return number(parameter, text, AllowedSpan(-1e15, 1e15)) if text else None
