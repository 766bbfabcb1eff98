"""The question of a placement and its levers, read from a request's body or the page's address."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from rest_framework import serializers

from readiness.tradeoffs import params
from readiness.tradeoffs.moves.options import CarbonKind
from readiness.tradeoffs.placing.core.levers import NAMES, WEIGHTS, PlacementQuestion, SlowerLink, WhatIf
from web.parameters import BadParameter
from web.rest import parameters
from web.rest.serializers import BodySerializer

VERDICTS = ("conditional", "ready")
OPTIONS_TOLD, MOST_OPTIONS = 50, 1_000
"""Options of one answer, each of some 3 kB: unless the body says otherwise, and at most."""
LARGEST_OFFSET = 1_000_000


class PlacementLinkSlowerSerializer(BodySerializer):
    site = serializers.CharField(max_length=100, help_text="Slug")
    region = parameters.text(help_text="Slug of a user region; all unless given")
    add_ms = parameters.number(0.0, 10_000.0, required=True, allow_null=False)


class PlacementLimitsSerializer(BodySerializer):
    """Limits of the envelope that can be changed, under its own names; null: no limit."""

    latency_limit_ms = parameters.number(0.001, 1e6)
    cost_ceiling = parameters.number(1e-6, 1e12)
    carbon_g_per_kwh = parameters.number(0.0, 1e6)
    carbon_kg_per_month = parameters.number(0.0, 1e12)
    min_score = parameters.number(0.0, 1.0)
    min_verdict = parameters.choice(VERDICTS)
    residency = parameters.text()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        unset = {name: "" for name in ("min_verdict", "residency") if name in attrs and attrs[name] is None}
        return attrs | unset


class PlacementWhatIfSerializer(BodySerializer):
    demand = parameters.number(0.01, 100.0, help_text="Factor on the demand of the envelope")
    electricity_price = parameters.number(-10.0, 100.0, help_text="Factor on the price at each site")
    carbon_price = parameters.number(0.0, 100_000.0, help_text="Price of a tonne CO2e, added to cost")
    pue = parameters.number(1.0, 5.0, help_text="PUE assumed for every site")
    sites_lost = parameters.slugs(200, help_text="Slugs")
    links_slower = serializers.ListField(
        child=PlacementLinkSlowerSerializer(), max_length=200, **parameters.OPTIONAL
    )
    limits = PlacementLimitsSerializer(**parameters.OPTIONAL)
    data_origin = parameters.text(help_text="Country under whose law the data is")
    bases = parameters.slugs(200, help_text="Bases on record for transfers")


class WeighedQuestionSerializer(BodySerializer):
    weights = params.weights("PlacementWeightsSerializer", NAMES)
    what_if = PlacementWhatIfSerializer(**parameters.OPTIONAL)
    currency = parameters.currency(help_text="The envelope's unless given, else EUR")
    carbon = params.carbon()
    today = parameters.text(help_text="Slug of the site that changes are counted from")


class PlacementQuestionSerializer(WeighedQuestionSerializer):
    workload = serializers.JSONField(
        help_text="Slug of a workload class, or an envelope as `check/` takes it"
    )
    limit = serializers.IntegerField(
        default=OPTIONS_TOLD, min_value=1, max_value=MOST_OPTIONS, help_text="Options in the answer"
    )
    offset = serializers.IntegerField(
        default=0, min_value=0, max_value=LARGEST_OFFSET, help_text="Options left out before the first one"
    )
    sites = parameters.slugs(200, help_text="Slugs: the options of these sites alone")
    snapshot = serializers.BooleanField(default=False, help_text="true: with every factor behind the figures")


def question_of(body: Mapping[str, Any]) -> PlacementQuestion:
    """Raises BadParameter with the wrong field."""
    return question_from(parameters.read_question(WeighedQuestionSerializer(data=body)))


def question_from(values: Mapping[str, Any]) -> PlacementQuestion:
    weights = values.get("weights")
    return PlacementQuestion(
        weights=dict.fromkeys(NAMES, 0.0) | weights if weights else WEIGHTS,
        what_if=_what_if(values.get("what_if") or {}),
        currency=values.get("currency", ""),
        carbon=CarbonKind(values.get("carbon", CarbonKind.AVERAGE)),
        today=values.get("today", ""),
    )


def _what_if(values: Mapping[str, Any]) -> WhatIf:
    stated = {name: value for name, value in values.items() if value is not None}
    links = (
        SlowerLink(link["site"], link.get("region") or "", link["add_ms"])
        for link in stated.get("links_slower", ())
    )
    lists = {name: frozenset(stated.get(name, ())) for name in ("sites_lost", "bases")}
    return WhatIf(**stated | lists | {"links_slower": tuple(links)})


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
    "demand": ("demand", parameters.number(1.0, 10_000.0)),
    "price": ("electricity_price", parameters.number(-1_000.0, 10_000.0)),
}
SCORE, RANGE_END = parameters.number(0.0, 100.0), parameters.number(-1e15, 1e15)
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
        name: parameters.value_of(parameter, query[parameter], percents) / 100
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
        limits["min_score"] = parameters.value_of("score", query["score"], SCORE) / 100
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
        low, high = (
            parameters.value_of(end, query[end], RANGE_END) if query.get(end) else None for end in ends
        )
        if low is not None or high is not None:
            ranges[name] = (low, high)
    slugs = ",".join(query.getlist("compare")).split(",")
    compare = tuple(dict.fromkeys(slug for slug in slugs if slug))
    if len(compare) > 2:
        raise BadParameter("compare", "Choose two sites.")
    tab = query.get("tab") or PANES[0]
    if tab not in PANES:
        raise BadParameter("tab", f"There is no such tab; there are {', '.join(PANES)}.")
    return PlacementView(axes["x"], axes["y"], ranges, compare, bool(query.get("rejected")), tab)
