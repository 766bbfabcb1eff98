"""The question of a placement and its levers, read from the body of a request or from the address of the page."""

import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any

from django.http import QueryDict

from readiness.tradeoffs.core.objectives import Objective, ObjectiveDirection
from readiness.tradeoffs.core.parsing import (
    AllowedSpan,
    BadTradeoffQuestion,
    CarbonKind,
    carbon_of,
    currency_of,
    number_within,
    object_of,
    short_text,
    stated_weights,
)
from readiness.workloads.core.countries import COUNTRIES, unknown_codes
from readiness.workloads.core.envelope import CostUnit, Envelope


@dataclass(frozen=True, slots=True)
class SlowerLink:
    """A link that takes `add_ms` longer between a site and a user region; "" is every region."""

    site: str
    region: str
    add_ms: float


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

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"sites_lost": sorted(self.sites_lost), "bases": sorted(self.bases)}

    def changes(self) -> dict[str, Any]:
        usual = WhatIf().as_json()
        return {name: value for name, value in self.as_json().items() if value != usual[name]}

    def added_ms(self, site: str, region: str) -> float:
        return sum(
            link.add_ms for link in self.links_slower if link.site == site and link.region in ("", region)
        )


def with_levers(envelope: Envelope, what_if: WhatIf, currency: str) -> Envelope:
    """Return the envelope with demand and limits as they are tried. Part of an accelerator counts as one."""
    if what_if.demand != 1:
        envelope = replace(
            envelope,
            accelerators=tuple(
                replace(need, count=math.ceil(need.count * what_if.demand - 1e-9))
                for need in envelope.accelerators
            ),
            it_kw=_times(envelope.it_kw, what_if.demand),
            bandwidth_gbps=_times(envelope.bandwidth_gbps, what_if.demand),
            users=tuple(
                replace(user, requests_per_s=_times(user.requests_per_s, what_if.demand))
                for user in envelope.users
            ),
        )
    limits: dict[str, Any] = dict(what_if.limits)
    if not limits:
        return envelope
    if limits.get("residency") and unknown_codes([limits["residency"]]):
        reason = f"No country or group of countries is called {limits['residency']}."
        raise BadTradeoffQuestion("what_if.limits.residency", reason)
    if "cost_ceiling" in limits and limits["cost_ceiling"] is not None and envelope.cost_unit is None:
        limits |= {"cost_unit": CostUnit.MONTH, "cost_currency": currency}
    return replace(envelope, **limits)


def _times(figure: float | None, factor: float) -> float | None:
    return None if figure is None else figure * factor


def refuse_unknown(
    what_if: WhatIf, sites: Collection[str], regions: Collection[str], bases: Collection[str]
) -> None:
    for slug in sorted(what_if.sites_lost - set(sites)):
        raise BadTradeoffQuestion("what_if.sites_lost", f"No site is called {slug}.")
    for place, link in enumerate(what_if.links_slower):
        where = f"what_if.links_slower[{place}]"
        if link.site not in sites:
            raise BadTradeoffQuestion(f"{where}.site", f"No site is called {link.site}.")
        if link.region and link.region not in regions:
            raise BadTradeoffQuestion(f"{where}.region", f"No user region is called {link.region}.")
    if what_if.data_origin and what_if.data_origin not in COUNTRIES:
        raise BadTradeoffQuestion(
            "what_if.data_origin", f"{what_if.data_origin} is no country of ISO 3166-1."
        )
    for basis in sorted(what_if.bases - set(bases)):
        raise BadTradeoffQuestion("what_if.bases", f"The rules in force know no basis called {basis}.")


OBJECTIVES = (
    Objective("cost"),
    Objective("latency"),
    Objective("energy"),
    Objective("carbon"),
    Objective("readiness", ObjectiveDirection.MAX, scale=100.0),
    Objective("compliance", ObjectiveDirection.MAX, scale=100.0),
)
NAMES = tuple(objective.name for objective in OBJECTIVES)
WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"cost": 60.0, "latency": 50.0, "energy": 0.0, "carbon": 40.0, "readiness": 30.0, "compliance": 0.0}
)
"""Used where nobody says what matters. Cost and carbon hold energy already, and the limits hold compliance."""
ADDED_MS_SPAN = AllowedSpan(0.0, 10_000.0)
LEVERS: Mapping[str, AllowedSpan] = MappingProxyType(
    {
        "demand": AllowedSpan(0.01, 100.0),
        "electricity_price": AllowedSpan(-10.0, 100.0),
        "carbon_price": AllowedSpan(0.0, 100_000.0),
        "pue": AllowedSpan(1.0, 5.0),
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
WHAT_IF_FIELDS = tuple(WhatIf().as_json())


@dataclass(frozen=True, slots=True)
class PlacementQuestion:
    """`today` is the site to count changes from, where the class runs at several; "" is the first by name."""

    weights: Mapping[str, float] = WEIGHTS
    what_if: WhatIf = field(default_factory=WhatIf)
    currency: str = ""
    carbon: CarbonKind = CarbonKind.AVERAGE
    today: str = ""

    def body(self, workload: str) -> dict[str, Any]:
        carbon = "" if self.carbon is CarbonKind.AVERAGE else self.carbon.value
        set_otherwise = {"currency": self.currency, "carbon": carbon, "today": self.today}
        return {
            "workload": workload,
            "weights": dict(self.weights),
            "what_if": self.what_if.changes(),
            **{name: value for name, value in set_otherwise.items() if value},
        }


def question_of(given: Mapping[str, Any]) -> PlacementQuestion:
    texts = {name: short_text(name, given.get(name)) for name in ("currency", "carbon", "today")}
    weights = stated_weights(given.get("weights"), NAMES)
    return PlacementQuestion(
        weights=dict.fromkeys(NAMES, 0.0) | weights if weights else WEIGHTS,
        what_if=what_if_of(given.get("what_if")),
        currency=currency_of(texts["currency"]),
        carbon=carbon_of(texts["carbon"]),
        today=texts["today"],
    )


def what_if_of(given: Mapping[str, Any] | None) -> WhatIf:
    given = object_of("what_if", given, WHAT_IF_FIELDS)
    numbers = {
        name: number_within(f"what_if.{name}", given[name], span)
        for name, span in LEVERS.items()
        if given.get(name) is not None
    }
    return WhatIf(
        **numbers,
        sites_lost=frozenset(_texts("what_if.sites_lost", given.get("sites_lost"))),
        links_slower=tuple(
            _slower_link(f"what_if.links_slower[{place}]", link)
            for place, link in enumerate(_list("what_if.links_slower", given.get("links_slower")))
        ),
        limits={
            name: _limit(name, value)
            for name, value in object_of(
                "what_if.limits", given.get("limits"), (*LIMITS, "min_verdict", "residency")
            ).items()
        },
        data_origin=short_text("what_if.data_origin", given.get("data_origin")).strip(),
        bases=frozenset(_texts("what_if.bases", given.get("bases"))),
    )


def _limit(name: str, value: Any) -> str | float | None:
    where = f"what_if.limits.{name}"
    if name == "min_verdict":
        if value not in (None, *VERDICTS):
            raise BadTradeoffQuestion(where, "It has to be conditional or ready, or empty.")
        return value or ""
    if name == "residency":
        return short_text(where, value).strip()
    limit = None if value is None else number_within(where, value, LIMITS[name])
    if limit == 0 and name not in ZERO_MEANS_ZERO:
        raise BadTradeoffQuestion(where, "It has to be above 0.")
    return limit


def _slower_link(where: str, given: Any) -> SlowerLink:
    given = object_of(where, given, ("site", "add_ms", "region"))
    site = short_text(f"{where}.site", given.get("site")).strip()
    if not site:
        raise BadTradeoffQuestion(f"{where}.site", "Say which site.")
    add_ms = number_within(f"{where}.add_ms", given.get("add_ms"), ADDED_MS_SPAN)
    return SlowerLink(site, short_text(f"{where}.region", given.get("region")).strip(), add_ms)


def _list(where: str, given: Any) -> list[Any]:
    if given is None:
        return []
    if not isinstance(given, (list, tuple)):
        raise BadTradeoffQuestion(where, "It has to be a list.")
    if len(given) > MOST_LISTED:
        raise BadTradeoffQuestion(where, f"{MOST_LISTED} at most.")
    return list(given)


def _texts(where: str, given: Any) -> list[str]:
    return [short_text(f"{where}[{place}]", text).strip() for place, text in enumerate(_list(where, given))]


PANES = ("objectives", "sure")


@dataclass(frozen=True, slots=True)
class PlacementView:
    """How the page shows an answer: axes of the scatter, whether it draws sites that are no options, ranges to keep by
    objective, two sites to compare, and the pane that is open.
    """

    x: str = "cost"
    y: str = "latency"
    ranges: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    compare: tuple[str, ...] = ()
    rejected: bool = False
    tab: str = PANES[0]


PERCENTS = {"demand": "demand", "price": "electricity_price"}
LIMIT_NAMES = {
    "latency": "latency_limit_ms",
    "ceiling": "cost_ceiling",
    "kg": "carbon_kg_per_month",
    "grams": "carbon_g_per_kwh",
}
"""Limits by the address's names; readiness is `score` there, in points of 100."""


def question_of_address(query: QueryDict) -> PlacementQuestion:
    """Read an address such as `?workload=chat&demand=120&price=80&w_cost=60&lost=fra-1`; an empty parameter changes
    nothing. Demand, price and score are percents there. Raises BadTradeoffQuestion with the parameter at fault.
    """
    what_if: dict[str, Any] = {
        name: _share(query, parameter, LEVERS[name])
        for parameter, name in PERCENTS.items()
        if query.get(parameter)
    }
    what_if |= {name: query[name] for name in ("carbon_price", "pue") if query.get(name)}
    what_if["sites_lost"] = [slug for slug in query.getlist("lost") if slug]
    if query.get("slow_ms") and query.get("slow_site"):
        what_if["links_slower"] = [
            {"site": query["slow_site"], "add_ms": query["slow_ms"], "region": query.get("slow_region", "")}
        ]
    limits: dict[str, Any] = {name: query[key] for key, name in LIMIT_NAMES.items() if query.get(key)}
    if query.get("score"):
        limits["min_score"] = _share(query, "score", LIMITS["min_score"])
    limits |= {
        name: query[key]
        for key, name in (("verdict", "min_verdict"), ("residency", "residency"))
        if query.get(key)
    }
    what_if["limits"] = limits
    what_if["data_origin"] = query.get("origin", "")
    what_if["bases"] = [basis for basis in query.getlist("basis") if basis]
    weights = {name: query[f"w_{name}"] for name in NAMES if query.get(f"w_{name}")}
    texts = {name: query.get(name, "") for name in ("currency", "carbon", "today")}
    return question_of({"weights": weights, "what_if": what_if} | texts)


def view_of_address(query: QueryDict) -> PlacementView:
    axes = {axis: query.get(axis) or usual for axis, usual in (("x", "cost"), ("y", "latency"))}
    for axis, name in axes.items():
        if name not in NAMES:
            raise BadTradeoffQuestion(axis, f"There is no such objective; there are {', '.join(NAMES)}.")
    ranges = {}
    for name in NAMES:
        low, high = (_range_end(query, f"{end}_{name}") for end in ("from", "to"))
        if low is not None or high is not None:
            ranges[name] = (low, high)
    listed = ",".join(query.getlist("compare")).split(",")
    compare = tuple(dict.fromkeys(slug for slug in listed if slug))
    if len(compare) > 2:
        raise BadTradeoffQuestion("compare", "Choose two sites.")
    tab = query.get("tab") or PANES[0]
    if tab not in PANES:
        raise BadTradeoffQuestion("tab", f"There is no such tab; there are {', '.join(PANES)}.")
    return PlacementView(axes["x"], axes["y"], ranges, compare, bool(query.get("rejected")), tab)


def _share(query: QueryDict, parameter: str, span: AllowedSpan) -> float:
    percents = AllowedSpan(span.low * 100, span.high * 100)
    return number_within(parameter, query[parameter], percents) / 100


def _range_end(query: QueryDict, parameter: str) -> float | None:
    text = query.get(parameter)
    return number_within(parameter, text, AllowedSpan(-1e15, 1e15)) if text else None
