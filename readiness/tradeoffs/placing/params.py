"""The question of a placement and its levers, read from a request's body or the page's address."""

import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any

from django.http import QueryDict
from rest_framework import serializers

from readiness.demand.workloads.core.countries import COUNTRIES, unknown_codes
from readiness.demand.workloads.core.envelope import CostUnit, Envelope
from readiness.tradeoffs import params
from readiness.tradeoffs.moves.options import CarbonKind
from readiness.tradeoffs.placing.core.objectives import Objective, ObjectiveDirection
from web.parameters import BadParameter
from web.rest.serializers import BodySerializer


@dataclass(frozen=True, slots=True)
class SlowerLink:
    """A link that takes `add_ms` longer between a site and a user region; "" means every region."""

    site: str
    region: str
    add_ms: float


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Levers. `demand` and `electricity_price` are factors; `carbon_price` is money per tonne of CO2e, added to cost;
    `pue` replaces that of every site. `limits` has other values for fields of the envelope, None for no limit.
    `data_origin` is the country whose law the data is under, `bases` are the bases on record for transfers.
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
    """Return the envelope with the tried demand and limits. A fraction of an accelerator counts as one."""
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
        raise BadParameter("what_if.limits.residency", reason)
    if "cost_ceiling" in limits and limits["cost_ceiling"] is not None and envelope.cost_unit is None:
        limits |= {"cost_unit": CostUnit.MONTH, "cost_currency": currency}
    return replace(envelope, **limits)


def _times(figure: float | None, factor: float) -> float | None:
    return None if figure is None else figure * factor


def refuse_unknown(
    what_if: WhatIf, sites: Collection[str], regions: Collection[str], bases: Collection[str]
) -> None:
    for slug in sorted(what_if.sites_lost - set(sites)):
        raise BadParameter("what_if.sites_lost", f"No site is called {slug}.")
    for place, link in enumerate(what_if.links_slower):
        where = f"what_if.links_slower[{place}]"
        if link.site not in sites:
            raise BadParameter(f"{where}.site", f"No site is called {link.site}.")
        if link.region and link.region not in regions:
            raise BadParameter(f"{where}.region", f"No user region is called {link.region}.")
    if what_if.data_origin and what_if.data_origin not in COUNTRIES:
        raise BadParameter("what_if.data_origin", f"{what_if.data_origin} is not a country of ISO 3166-1.")
    for basis in sorted(what_if.bases - set(bases)):
        raise BadParameter("what_if.bases", f"The rules in force have no basis called {basis}.")


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
"""Default weights. Cost and carbon already include energy, and the limits include compliance."""
VERDICTS = ("conditional", "ready")


class PlacementLinkSlowerSerializer(BodySerializer):
    site = serializers.CharField(max_length=100, help_text="Slug")
    region = params.text(help_text="Slug of a user region; all unless given")
    add_ms = params.number(0.0, 10_000.0, required=True, allow_null=False)


class PlacementLimitsSerializer(BodySerializer):
    """Limits of the envelope that can be changed, under its own names; null: no limit."""

    latency_limit_ms = params.number(0.001, 1e6)
    cost_ceiling = params.number(1e-6, 1e12)
    carbon_g_per_kwh = params.number(0.0, 1e6)
    carbon_kg_per_month = params.number(0.0, 1e12)
    min_score = params.number(0.0, 1.0)
    min_verdict = params.choice(VERDICTS)
    residency = params.text()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        unset = {name: "" for name in ("min_verdict", "residency") if name in attrs and attrs[name] is None}
        return attrs | unset


class PlacementWhatIfSerializer(BodySerializer):
    demand = params.number(0.01, 100.0, help_text="Factor on the demand of the envelope")
    electricity_price = params.number(-10.0, 100.0, help_text="Factor on the price at each site")
    carbon_price = params.number(0.0, 100_000.0, help_text="Price of a tonne CO2e, added to cost")
    pue = params.number(1.0, 5.0, help_text="PUE assumed for every site")
    sites_lost = params.slugs(200, help_text="Slugs")
    links_slower = serializers.ListField(
        child=PlacementLinkSlowerSerializer(), max_length=200, **params.OPTIONAL
    )
    limits = PlacementLimitsSerializer(**params.OPTIONAL)
    data_origin = params.text(help_text="Country under whose law the data is")
    bases = params.slugs(200, help_text="Bases on record for transfers")


class WeighedQuestionSerializer(BodySerializer):
    weights = params.weights("PlacementWeightsSerializer", NAMES)
    what_if = PlacementWhatIfSerializer(**params.OPTIONAL)
    currency = params.currency(help_text="The envelope's unless given, else EUR")
    carbon = params.carbon()
    today = params.text(help_text="Slug of the site that changes are counted from")


class PlacementQuestionSerializer(WeighedQuestionSerializer):
    workload = serializers.JSONField(
        help_text="Slug of a workload class, or an envelope as `check/` takes it"
    )
    snapshot = serializers.BooleanField(default=True, help_text="false: leave it out")


@dataclass(frozen=True, slots=True)
class PlacementQuestion:
    """`today` is the site to count changes from, if the class runs at several; "" means the first by name."""

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
    """Raises BadParameter with the wrong field."""
    return question_from(params.asked(WeighedQuestionSerializer(data=given)))


def question_from(read: Mapping[str, Any]) -> PlacementQuestion:
    weights = read.get("weights")
    return PlacementQuestion(
        weights=dict.fromkeys(NAMES, 0.0) | weights if weights else WEIGHTS,
        what_if=_what_if(read.get("what_if") or {}),
        currency=read.get("currency", ""),
        carbon=CarbonKind(read.get("carbon", CarbonKind.AVERAGE)),
        today=read.get("today", ""),
    )


def _what_if(read: Mapping[str, Any]) -> WhatIf:
    said = {name: value for name, value in read.items() if value is not None}
    links = (
        SlowerLink(link["site"], link.get("region") or "", link["add_ms"])
        for link in said.get("links_slower", ())
    )
    lists = {name: frozenset(said.get(name, ())) for name in ("sites_lost", "bases")}
    return WhatIf(**said | lists | {"links_slower": tuple(links)})


PANES = ("objectives", "sure")


@dataclass(frozen=True, slots=True)
class PlacementView:
    """How the page shows an answer: axes of the scatter, whether it shows sites that are not options, ranges by
    objective, two sites to compare, and the open pane.
    """

    x: str = "cost"
    y: str = "latency"
    ranges: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    compare: tuple[str, ...] = ()
    rejected: bool = False
    tab: str = PANES[0]


PERCENTS = {
    "demand": ("demand", params.number(1.0, 10_000.0)),
    "price": ("electricity_price", params.number(-1_000.0, 10_000.0)),
}
SCORE, RANGE_END = params.number(0.0, 100.0), params.number(-1e15, 1e15)
LIMIT_NAMES = {
    "latency": "latency_limit_ms",
    "ceiling": "cost_ceiling",
    "kg": "carbon_kg_per_month",
    "grams": "carbon_g_per_kwh",
}
"""Limits by parameter name; readiness is `score` there, in points of 100."""


def question_of_address(query: QueryDict) -> PlacementQuestion:
    """Read an address such as `?workload=chat&demand=120&price=80&w_cost=60&lost=fra-1`; an empty parameter changes
    nothing. Demand, price and score are percents there. Raises BadParameter with the wrong parameter.
    """
    what_if: dict[str, Any] = {
        name: params.value_of(parameter, query[parameter], percents) / 100
        for parameter, (name, percents) in PERCENTS.items()
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
        limits["min_score"] = params.value_of("score", query["score"], SCORE) / 100
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
            raise BadParameter(axis, f"There is no such objective; there are {', '.join(NAMES)}.")
    ranges = {}
    for name in NAMES:
        ends = [f"{end}_{name}" for end in ("from", "to")]
        low, high = (params.value_of(end, query[end], RANGE_END) if query.get(end) else None for end in ends)
        if low is not None or high is not None:
            ranges[name] = (low, high)
    listed = ",".join(query.getlist("compare")).split(",")
    compare = tuple(dict.fromkeys(slug for slug in listed if slug))
    if len(compare) > 2:
        raise BadParameter("compare", "Choose two sites.")
    tab = query.get("tab") or PANES[0]
    if tab not in PANES:
        raise BadParameter("tab", f"There is no such tab; there are {', '.join(PANES)}.")
    return PlacementView(axes["x"], axes["y"], ranges, compare, bool(query.get("rejected")), tab)
