"""The controls of the page: conditions, limits and weights, each with what it is set to and how far it goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from readiness.tradeoffs.core.parsing import CarbonKind
from readiness.tradeoffs.placing.answer import PlacementAnswer
from readiness.tradeoffs.placing.rows import LABELS
from readiness.workloads.core.countries import GROUPS
from web.units import plural


@dataclass(frozen=True, slots=True)
class Lever:
    """A number with a slider beside it; without `high` there is none. `usual` is what it is where nothing is set."""

    name: str
    label: str
    unit: str
    value: str
    usual: str
    low: float = 0.0
    high: float | None = None
    step: float = 5.0
    note: str = ""

    @property
    def at(self) -> str:
        return self.value or self.usual

    @property
    def is_set(self) -> bool:
        return bool(self.value) and self.value != self.usual


@dataclass(frozen=True, slots=True)
class LeverChoice:
    """A choice of one or, with `is_many`, of several."""

    name: str
    label: str
    options: list[tuple[str, str]]
    chosen: list[str] = field(default_factory=list)
    is_many: bool = False
    note: str = ""


def controls(
    answer: PlacementAnswer, given: QueryDict, *, regions: Mapping[str, str], bases: Iterable[tuple[str, str]]
) -> dict[str, Any]:
    sites = [(option.slug, option.name) for option in sorted(answer.options, key=lambda option: option.name)]
    nothing = ("", "–")
    return {
        "conditions": _conditions(answer, given),
        "limits": _limits(answer, given),
        "weights": _weights(answer, given),
        "more": [
            _choice(given, "carbon", "Carbon counted as", _carbons()),
            _choice(given, "lost", "Sites lost", sites, is_many=True),
            _choice(given, "slow_site", "Slower link at", [nothing, *sites]),
            _choice(given, "slow_region", "to", [("", "all user regions"), *regions.items()]),
        ],
        "slow_ms": Lever("slow_ms", "by", "ms", given.get("slow_ms", ""), ""),
        "law": [
            _choice(
                given,
                "residency",
                "Data has to stay in",
                [
                    ("", "as the envelope says"),
                    *[(each, each) for each in sorted(GROUPS) if each != "WORLD"],
                ],
            ),
            _choice(given, "basis", "On record for transfers", list(bases), is_many=True),
        ],
        "origin": given.get("origin", ""),
        "currency": given.get("currency", ""),
        "reporting": answer.currency,
        "today": [(slug, answer.sites[slug].name) for slug in answer.today if slug in answer.sites],
        "summary": _summary(answer),
    }


def _conditions(answer: PlacementAnswer, given: QueryDict) -> list[Lever]:
    each: dict[str, Any] = {"given": given}
    return [
        _lever("demand", "Demand", "%", "100", 10, 300, note="of what the envelope asks for", **each),
        _lever(
            "price", "Electricity price", "%", "100", 0, 300,
            note="of what it is at each site", **each,
        ),
        _lever(
            "carbon_price", "Carbon price", answer.currency, "0", 0, 300,
            note="a tonne CO2e, added to cost", **each,
        ),
        _lever("pue", "PUE", "", "", 1, None, 0.01, note="of every site; empty: as it is", **each),
    ]  # fmt: skip


def _limits(answer: PlacementAnswer, given: QueryDict) -> list[Lever]:
    envelope = answer.envelope
    each: dict[str, Any] = {"given": given}
    unit = {
        "accelerator-hour": "/h", "million-tokens": "/M tok", "million-requests": "/M req", "month": "/month",
    }.get(envelope.cost_unit or "month", "/month")  # fmt: skip
    currency = envelope.cost_currency or answer.currency
    score = None if envelope.min_score is None else envelope.min_score * 100
    return [
        _limit("latency", "Latency", "ms", envelope.latency_limit_ms, note=_percentile(answer), **each),
        _limit("ceiling", "Cost", f"{currency}{unit}", envelope.cost_ceiling, **each),
        _limit("kg", "Carbon", "kg/month", envelope.carbon_kg_per_month, **each),
        _limit("grams", "Carbon intensity", "g/kWh", envelope.carbon_g_per_kwh, **each),
        _lever(
            "score", "Readiness", "points", "" if score is None else f"{score:g}", 0, 100,
            note="at least", **each,
        ),
    ]  # fmt: skip


def _percentile(answer: PlacementAnswer) -> str:
    return "p{p} at the user, at most".format(p=f"{answer.envelope.latency_percentile:g}")


def _limit(
    name: str, label: str, unit: str, usual: float | None, *, given: QueryDict, note: str = ""
) -> Lever:
    """A ceiling with a slider to three times what the envelope says; without one there is nothing to slide from."""
    text = "" if usual is None else f"{usual:g}"
    high = None if usual is None else usual * 3
    step = 0.01 if usual is None else _step(usual)
    return _lever(name, label, unit, text, 0, high, step, note=note or "at most", given=given)


def _step(usual: float) -> float:
    """About a hundred steps to the end of the slider, as a power of ten."""
    step = 1.0
    while step > usual / 20:
        step /= 10
    while step * 10 <= usual / 20:
        step *= 10
    return step


def _weights(answer: PlacementAnswer, given: QueryDict) -> list[Lever]:
    return [
        Lever(
            f"w_{objective.name}",
            str(LABELS[objective.name]),
            "",
            f"{answer.weights[objective.name]:g}",
            "",
            0,
            100,
            5,
        )
        for objective in answer.objectives
    ]


def _lever(
    name: str, label: str, unit: str, usual: str, low: float, high: float | None, step: float = 5.0, *,
    given: QueryDict, note: str = "",
) -> Lever:  # fmt: skip
    value = given.get(name, "")
    if high is not None and value:
        # A number that was typed may lie beyond the slider's usual end.
        high = max(high, float(value))
    return Lever(name, label, unit, value, usual, low, high, step, note)


def _choice(
    given: QueryDict, name: str, label: str, options: list[tuple[str, str]], *, is_many: bool = False
) -> LeverChoice:
    return LeverChoice(name, label, options, [each for each in given.getlist(name) if each], is_many)


def _carbons() -> list[tuple[str, str]]:
    words = {
        CarbonKind.AVERAGE: "average of the grid",
        CarbonKind.MARGINAL: "marginal plant",
        CarbonKind.MARKET: "market (contracts)",
    }
    return [(each.value, words[each]) for each in CarbonKind]


def _summary(answer: PlacementAnswer) -> str:
    """Return what differs from today, in a line."""
    what_if = answer.question.what_if
    changes = []
    if what_if.demand != 1:
        changes.append("demand {} %".format(f"{what_if.demand * 100:g}"))
    if what_if.electricity_price != 1:
        changes.append("price {} %".format(f"{what_if.electricity_price * 100:g}"))
    if what_if.carbon_price:
        changes.append(
            "carbon {price} {currency}/t".format(price=f"{what_if.carbon_price:g}", currency=answer.currency)
        )
    if what_if.sites_lost:
        count = len(what_if.sites_lost)
        changes.append(plural(count, "%s site lost", "%s sites lost") % count)
    if what_if.limits:
        count = len(what_if.limits)
        changes.append(plural(count, "%s limit changed", "%s limits changed") % count)
    return " · ".join(changes) or "as it is today"
