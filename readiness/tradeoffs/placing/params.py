"""What is asked of a placement beside its workload: weights, conditions and limits to try, and where to count from.

The same words in the body of `POST /api/tradeoffs/placements/` and, flat, in the address of the page.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from readiness.tradeoffs.core.objectives import Objective, ObjectiveDirection


class CarbonKind(StrEnum):
    """Which intensity carbon is counted with: the grid's mean, its marginal plant, or that of contracts."""

    AVERAGE = "average"
    MARGINAL = "marginal"
    MARKET = "market"


OBJECTIVES = (
    Objective("cost"),
    Objective("latency"),
    Objective("energy"),
    Objective("carbon"),
    Objective("readiness", ObjectiveDirection.MAX, scale=100.0),
    Objective("compliance", ObjectiveDirection.MAX, scale=100.0),
)
NAMES = tuple(one.name for one in OBJECTIVES)
WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"cost": 60.0, "latency": 50.0, "energy": 0.0, "carbon": 40.0, "readiness": 30.0, "compliance": 0.0}
)
"""Where nobody says what matters. Energy is in cost and carbon already, compliance in the limits."""


@dataclass(frozen=True, slots=True)
class AllowedSpan:
    """What a lever may be set to; None as `high`: no end."""

    low: float
    high: float


SPANS: Mapping[str, AllowedSpan] = MappingProxyType(
    {
        "demand": AllowedSpan(0.01, 100.0),
        "electricity_price": AllowedSpan(-10.0, 100.0),
        "carbon_price": AllowedSpan(0.0, 100_000.0),
        "pue": AllowedSpan(1.0, 5.0),
        "add_ms": AllowedSpan(0.0, 10_000.0),
        "weight": AllowedSpan(0.0, 1e6),
    }
)
LIMITS: Mapping[str, AllowedSpan] = MappingProxyType(
    {
        "latency_limit_ms": AllowedSpan(0.001, 1e6),
        "cost_ceiling": AllowedSpan(0.0, 1e12),
        "carbon_g_per_kwh": AllowedSpan(0.0, 1e6),
        "carbon_kg_per_month": AllowedSpan(0.0, 1e12),
        "min_score": AllowedSpan(0.0, 1.0),
    }
)
"""Limits of the envelope that can be tried otherwise, by its own names."""
ZERO_MEANS_ZERO = frozenset({"carbon_g_per_kwh", "carbon_kg_per_month", "min_score"})
VERDICTS = ("", "conditional", "ready")
MOST_LISTED = 200


class BadTradeoffQuestion(ValueError):
    """What cannot be asked; `field` says where."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


@dataclass(frozen=True, slots=True)
class SlowerLink:
    """A link that takes longer: ms more between a site and a user region, or all of them for ""."""

    site: str
    add_ms: float
    region: str = ""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Levers. `demand` and `electricity_price` are times what they are; `carbon_price` is money a tonne of CO2e,
    added to cost; `pue` stands for that of every site. `limits` has fields of the envelope with other values, None for
    no limit. `data_origin` is the country under whose law the data is, `bases` what is on record for transfers.
    """

    demand: float = 1.0
    electricity_price: float = 1.0
    carbon_price: float = 0.0
    pue: float | None = None
    sites_lost: frozenset[str] = frozenset()
    links_slower: tuple[SlowerLink, ...] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)
    data_origin: str = ""
    bases: frozenset[str] = frozenset()

    @property
    def is_plain(self) -> bool:
        """Whether everything is as it is."""
        return self == WhatIf()


@dataclass(frozen=True, slots=True)
class PlacementQuestion:
    """`today` is the site to count changes from, where the class runs at several; "" : the first by name."""

    weights: Mapping[str, float] = WEIGHTS
    what_if: WhatIf = field(default_factory=WhatIf)
    currency: str = ""
    carbon: CarbonKind = CarbonKind.AVERAGE
    today: str = ""


def number(name: str, given: Any, span: AllowedSpan) -> float:
    """A finite number within the span; numbers in words count."""
    if isinstance(given, bool) or not isinstance(given, (int, float, str)):
        raise BadTradeoffQuestion(name, "It has to be a number.")
    try:
        value = float(given)
    except ValueError as error:
        raise BadTradeoffQuestion(name, f"{given!r} is no number.") from error
    if not span.low <= value <= span.high:
        raise BadTradeoffQuestion(name, f"It has to be from {span.low:g} to {span.high:g}.")
    return value


def weights_of(given: Mapping[str, Any] | None) -> Mapping[str, float]:
    """Those given, the others 0; the usual ones where none are given."""
    if not given:
        return WEIGHTS
    for name in given:
        if name not in NAMES:
            raise BadTradeoffQuestion(
                f"weights.{name}", f"There is no such objective; there are {', '.join(NAMES)}."
            )
    found = {
        name: number(f"weights.{name}", given[name], SPANS["weight"]) if name in given else 0.0
        for name in NAMES
    }
    if not any(found.values()):
        raise BadTradeoffQuestion("weights", "At least one weight has to be above 0.")
    return found


KEYS = (
    *("demand", "electricity_price", "carbon_price", "pue", "sites_lost", "links_slower"),
    *("limits", "data_origin", "bases"),
)


def what_if_of(given: Mapping[str, Any] | None) -> WhatIf:
    given = given or {}
    _known("what_if", given, KEYS)
    plain = WhatIf()

    def lever(name: str, otherwise: Any) -> Any:
        value = given.get(name)
        return otherwise if value is None else number(f"what_if.{name}", value, SPANS[name])

    return WhatIf(
        demand=lever("demand", plain.demand),
        electricity_price=lever("electricity_price", plain.electricity_price),
        carbon_price=lever("carbon_price", plain.carbon_price),
        pue=lever("pue", None),
        sites_lost=frozenset(_texts("what_if.sites_lost", given.get("sites_lost"))),
        links_slower=tuple(
            _slower(f"what_if.links_slower[{place}]", one)
            for place, one in enumerate(_listed("what_if.links_slower", given.get("links_slower")))
        ),
        limits=_limits(given.get("limits")),
        data_origin=_text("what_if.data_origin", given.get("data_origin")),
        bases=frozenset(_texts("what_if.bases", given.get("bases"))),
    )


def _limits(given: Any) -> Mapping[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise BadTradeoffQuestion("what_if.limits", "It has to be an object of limits.")
    _known("what_if.limits", given, (*LIMITS, "min_verdict", "residency"))
    found: dict[str, Any] = {}
    for name, value in given.items():
        where = f"what_if.limits.{name}"
        if name == "min_verdict":
            if value not in (None, *VERDICTS):
                raise BadTradeoffQuestion(where, "It has to be conditional or ready, or empty.")
            found[name] = value or ""
        elif name == "residency":
            found[name] = _text(where, value)
        else:
            found[name] = None if value is None else number(where, value, LIMITS[name])
            if found[name] == 0 and name not in ZERO_MEANS_ZERO:
                raise BadTradeoffQuestion(where, "It has to be above 0.")
    return found


def _slower(where: str, given: Any) -> SlowerLink:
    if not isinstance(given, Mapping):
        raise BadTradeoffQuestion(where, "It has to be an object with site, add_ms and maybe region.")
    _known(where, given, ("site", "add_ms", "region"))
    site = _text(f"{where}.site", given.get("site"))
    if not site:
        raise BadTradeoffQuestion(f"{where}.site", "Say which site.")
    add_ms = number(f"{where}.add_ms", given.get("add_ms"), SPANS["add_ms"])
    return SlowerLink(site, add_ms, _text(f"{where}.region", given.get("region")))


def _known(where: str, given: Mapping[str, Any], names: Collection[str]) -> None:
    for name in given:
        if name not in names:
            raise BadTradeoffQuestion(
                f"{where}.{name}", f"There is no such field; there are {', '.join(names)}."
            )


def _listed(where: str, given: Any) -> list[Any]:
    if given is None:
        return []
    if not isinstance(given, (list, tuple)):
        raise BadTradeoffQuestion(where, "It has to be a list.")
    if len(given) > MOST_LISTED:
        raise BadTradeoffQuestion(where, f"{MOST_LISTED} at most.")
    return list(given)


def _texts(where: str, given: Any) -> list[str]:
    return [_text(f"{where}[{place}]", one) for place, one in enumerate(_listed(where, given))]


def _text(where: str, given: Any) -> str:
    if given is None:
        return ""
    if not isinstance(given, str) or len(given) > 100 or "\x00" in given:
        raise BadTradeoffQuestion(where, "It has to be a text of 100 characters at most.")
    return given.strip()
