"""The parts of the gap's page: key figures, bars of groups, switches, filters and the addresses of its charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from inventory.models import Site
from readiness.boards import findings
from readiness.boards.cards import Card
from readiness.boards.gap import findings as gap_findings
from readiness.golive.worklist.params import BY, FIELDS, MEASURES, TARGETS
from readiness.scoring.core.gap import CapacityMeasure
from readiness.scoring.gap.queries import CONDITIONAL, UNEVALUATED, Present, PresentGroup
from readiness.scoring.gap.selection import FIRST_BLOCKER, KIND, PILLAR, REGION, SITE, Question
from web.drawing import bar_width
from web.links import link
from web.tables.addresses import PAGE, Address
from web.tables.filtering import Chip, Filter, FilterOption
from web.units import how_many, number, plural, power, power_unit

NARROWING = ("region", "kind", "profile")
MOST_BARS = 6


def address_of(request: HttpRequest) -> Address:
    return Address(request, path=request.path, filters=NARROWING)


def asked_of(request: HttpRequest) -> str:
    """The part of the address that chooses the sites of a plan, its target and its measure."""
    kept = (*NARROWING, "target", "measure")
    return urlencode([pair for pair in address_of(request).pairs if pair[0] in kept])


def key_figures(present: Present, measure: CapacityMeasure) -> list[Card]:
    gap = present.known.gap
    unit = power_unit(gap.deployed.it_kw)

    def figure(label: str, band: Any, **more: Any) -> Card:
        value = measure.of(band)
        if measure is CapacityMeasure.POWER:
            shown = power(value, unit)
            return {"label": label, "value": shown.value, "unit": shown.unit} | more
        return {"label": label, "value": number(value), "unit": ""} | more

    whole = measure.of(gap.deployed)
    shares = {
        name: f"{gap_findings.share(measure.of(band), whole)} of what is deployed"
        for name, band in (("ready", gap.ready), ("conditional", gap.conditional), ("not", gap.not_ready))
        if whole
    }
    sites = sum(1 for site in present.known.capacity.values() if measure.of(site.deployed))
    counted = plural(sites, f"at {sites} site", f"at {sites} sites")
    return [
        figure("Deployed", gap.deployed, note=counted),
        figure("Ready", gap.ready, note=shares.get("ready", "")),
        figure("Conditional", gap.conditional, note=shares.get("conditional", "")),
        figure("Not ready", gap.not_ready, note=shares.get("not", "")),
        _capability(present),
    ]


def _capability(present: Present) -> Card:
    points = present.capability.points
    card = {"label": "Capability gap", "note": "growth of accelerators less that of people"}
    if points is None:
        return card | {"value": "no base", "unit": ""}
    return card | {"value": number(points, 0), "unit": "points"}


def sentences(present: Present, measure: CapacityMeasure) -> list[str]:
    """Findings of the present, beside the figures."""
    candidates = [
        gap_findings.projected(present.outlook, measure=measure),
        gap_findings.capability(present.capability, present.growth),
    ]
    return [sentence for sentence in candidates if sentence]


def bars(groups: Sequence[PresentGroup], question: Question, address: Address) -> list[Card]:
    """The largest groups; each leads to what is behind it."""
    measure = question.measure
    widest = max((measure.of(group.gap.gap) for group in groups), default=0.0)
    unit = power_unit(widest) if measure is CapacityMeasure.POWER else ""
    made = []
    for group in groups[:MOST_BARS]:
        held, count = measure.of(group.gap.gap), len(group.sites)
        shown = power(held, unit) if measure is CapacityMeasure.POWER else None
        made.append(
            {
                "label": group.label,
                "url": _behind(group, question, address),
                "value": shown.value if shown else number(held),
                "unit": shown.unit if shown else "",
                "width": str(bar_width(held, of=widest)),
                "role": "conditional" if group.key == CONDITIONAL else "gap",
                "note": how_many(count, "site", "sites"),
            }
        )
    return made


def _behind(group: PresentGroup, question: Question, address: Address) -> str:
    if group.key == CONDITIONAL:
        return link("sites", verdict="conditional")
    if group.key == UNEVALUATED:
        return link("sites", verdict="none")
    if question.by == REGION:
        return address.anew(region=group.key)
    if question.by == KIND:
        return address.anew(kind=group.key)
    if question.by == PILLAR:
        return link("checks", pillar=group.key)
    if question.by == SITE:
        return link("site", group.key)
    return link("check", group.key) if question.by == FIRST_BLOCKER and "-" in group.key else ""


def switches(question: Question, address: Address, plan: str) -> dict[str, Any]:
    """Links that show the same sites in another way."""

    def views(name: str, known: Mapping[Any, Any], current: str) -> list[Card]:
        return [
            {"label": label, "url": address.anew(**{name: str(value)}), "current": str(value) == current}
            for value, label in known.items()
        ]

    plans = {"sites": "By site", "checks": "By check"}
    return {
        "measure_views": views("measure", MEASURES, question.measure),
        "by_views": views("by", BY, question.by),
        "target_views": views("target", TARGETS, question.target),
        "plan_views": views("plan", plans, plan),
        "by_group_title": f"The gap over time by {str(BY[question.by]).lower()}",
    }


def chart_urls(question: Question, address: Address, span: Mapping[str, str]) -> dict[str, str]:
    """The charts ask for what the page asks for."""
    own = [(name, value) for name, value in address.pairs if name in FIELDS and name not in ("points", "by")]
    query = urlencode([*own, *span.items()])
    by = urlencode({"by": question.by})
    # What would close the gap has an endpoint of its own.
    of_gap = urlencode([*(pair for pair in own if pair[0] != "target"), *span.items()])
    return {
        "over_time_url": f"{reverse('gap-over-time-chart', args=['json'])}?{query}",
        "over_time_csv": f"{reverse('gap-over-time-chart', args=['csv'])}?{query}",
        "by_group_url": f"{reverse('gap-by-group-chart', args=['json'])}?{query}&{by}",
        "by_group_csv": f"{reverse('gap-by-group-chart', args=['csv'])}?{query}&{by}",
        "closing_url": f"{reverse('gap-closing-chart', args=['json'])}?{query}",
        "closing_csv": f"{reverse('gap-closing-chart', args=['csv'])}?{query}",
        "api_url": f"{reverse('readiness-gap')}?{of_gap}&{by}",
    }


def filter_panel(question: Question, address: Address, regions: Mapping[str, str]) -> Card:
    """The context of templates/web/table_filters.html for a page whose filters are not a table's."""
    offered = (
        ("region", "Region", list(regions.items()), question.regions),
        ("kind", "Kind", Site.Kind.choices, question.kinds),
        ("profile", "Profile", Site.Profile.choices, question.profiles),
    )
    filters = [
        Filter(
            name,
            label,
            "multi",
            choices=[FilterOption(str(value), str(text), value in chosen) for value, text in choices],
        )
        for name, label, choices, chosen in offered
    ]
    chips = [
        Chip(each.label, option.label, _without(address, each, option.value))
        for each in filters
        for option in each.choices
        if option.selected
    ]
    return {
        "id": "gap",
        "url": address.path,
        "hidden": [pair for pair in address.kept if pair[0] != PAGE],
        "filters": filters,
        "chips": chips,
        "clear_url": address.unfiltered(),
    }


def _without(address: Address, each: Filter, value: str) -> str:
    left = [option.value for option in each.choices if option.selected and option.value != value]
    if left:
        return address.anew(**{each.name: ",".join(left)})
    return address.url(without=[PAGE, each.name])


def legend() -> list[Card]:
    return [
        {"label": "Deployed", "role": "deployed", "shape": "line"},
        {"label": "Ready", "role": "ready", "shape": "line"},
        {"label": "Conditional", "role": "conditional", "shape": "area"},
        {"label": "Not ready", "role": "gap", "shape": "hatch"},
        {"label": "Projected", "role": "deployed", "shape": "dash"},
    ]


def closing_legend() -> list[Card]:
    return [
        {"label": "At best", "role": "ready", "shape": "line"},
        {"label": "In the order of the plan", "role": "deployed", "shape": "dash"},
    ]


def headline(present: Present, measure: CapacityMeasure) -> Card:
    """The figure in large type and the sentences beside it."""
    gap = present.known.gap
    value = measure.of(gap.gap)
    shown = power(value) if measure is CapacityMeasure.POWER else None
    return {
        "gap_figure": {"value": shown.value, "unit": shown.unit}
        if shown
        else {"value": number(value), "unit": "accelerators"},
        "standing": findings.standing(gap, present.known.verdicts, measure=measure),
        "pace": findings.pace(present.outlook.pace, gap, measure=measure),
        "over_time_footer": findings.ahead(present.outlook),
    }
