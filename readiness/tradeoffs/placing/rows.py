"""What the page of a placement shows, as text: rows, the best match against today, reasons, two sites compared."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from readiness.tradeoffs.core.consequences import line
from readiness.tradeoffs.core.objectives import ObjectiveDirection
from readiness.tradeoffs.core.options import BandedFigure, LegalAnswer
from readiness.tradeoffs.core.placement import Feasibility
from readiness.tradeoffs.core.words import number
from readiness.tradeoffs.placing import sentences
from readiness.tradeoffs.placing.weighing import PlacementAnswer, PlacementOption

LABELS: Mapping[str, Any] = {
    "cost": _("Cost"),
    "latency": _("Latency"),
    "energy": _("Energy"),
    "carbon": _("Carbon"),
    "readiness": _("Readiness"),
    "compliance": _("Margin"),
}
ANSWERS = {
    LegalAnswer.ALLOWED: _("Allowed"),
    LegalAnswer.NEEDS_BASIS: _("Needs a basis"),
    LegalAnswer.FORBIDDEN: _("Forbidden"),
    LegalAnswer.CANNOT_DECIDE: _("Cannot be decided"),
    LegalAnswer.DECLARED: _("Declared by the envelope"),
    LegalAnswer.NOT_ASKED: _("Not asked"),
}
CAPACITY = {"accelerators": _("Accelerators"), "power": _("IT power"), "bandwidth": _("Bandwidth")}
MOST_ROWS = 100
"""Rows of feasible sites; the browser fills them anew as weights move."""
RUNNERS_UP = 3


def unit_of(found: PlacementAnswer, name: str) -> str:
    return sentences.unit_of(found, name)


def limit_of(found: PlacementAnswer, name: str) -> float | None:
    """The limit in the objective's unit, for those that have one there."""
    envelope = found.asked
    is_monthly = envelope.cost_unit == "month" and envelope.cost_currency in ("", found.currency)
    limits = {
        "latency": envelope.latency_limit_ms,
        "carbon": envelope.carbon_kg_per_month,
        "cost": envelope.cost_ceiling if is_monthly else None,
        "readiness": None if envelope.min_score is None else envelope.min_score * 100,
    }
    return limits.get(name)


def text(figure: BandedFigure | None) -> str:
    """Three digits that count; of an unknown figure what bounds it."""
    if figure is None:
        return "–"
    if figure.value is not None:
        return number(figure.value)
    if figure.low is not None and figure.high is not None:
        return f"{number(figure.low)}–{number(figure.high)}?"
    if figure.low is not None:
        return f"≥ {number(figure.low)}?"
    return f"≤ {number(figure.high)}?" if figure.high is not None else gettext("unknown")


def heads(found: PlacementAnswer) -> list[dict[str, str]]:
    return [
        {"name": one.name, "label": str(LABELS[one.name]), "unit": unit_of(found, one.name)}
        for one in found.objectives
    ]


def row(found: PlacementAnswer, one: PlacementOption) -> dict[str, Any]:
    """An option as a row: its cells by objective, with why a figure is unknown as a title."""
    score = None if one.ranked is None else round(one.ranked.score * 100)
    return {
        "slug": one.slug,
        "name": one.name,
        "place": f"{one.region} · {one.country}",
        "is_today": one.is_today,
        "pareto": one.pareto,
        "dominated": sentences.name(found, one.dominated_by) if one.dominated_by else "",
        "rank": one.ranked.rank if one.ranked else None,
        "score": score,
        "effect": one.ranked.effect if one.ranked else "",
        "cells": [
            {
                "name": each.name,
                "label": f"{LABELS[each.name]} {unit_of(found, each.name)}",
                "text": text(one.figures.get(each.name)),
                "why": why_unknown(one.figures.get(each.name)),
                "old": one.outdated.get(each.name, ""),
                "provenance": _provenance(one.figures.get(each.name)),
            }
            for each in found.objectives
        ],
        "after": text(one.after["power"]),
        "after_why": why_unknown(one.after["power"]),
        "law": str(ANSWERS[one.law.answer]),
        "line": line(one.moved) if one.moved else "",
        "step": one.step.words if one.step else "",
    }


def blank(found: PlacementAnswer) -> dict[str, Any]:
    """A row without a site, for the browser to fill."""
    cells = [
        {"name": one.name, "label": f"{LABELS[one.name]} {unit_of(found, one.name)}", "text": "", "why": ""}
        for one in found.objectives
    ]
    return {
        "slug": "",
        "name": "",
        "place": "",
        "pareto": True,
        "is_today": True,
        "dominated": "",
        "step": "-",
        "cells": cells,
    }


def why_unknown(figure: BandedFigure | None) -> str:
    return "" if figure is None or figure.value is not None else figure.source


def _provenance(figure: BandedFigure | None) -> str:
    return "" if figure is None or figure.provenance is None else figure.provenance.value


def kept(
    found: PlacementAnswer, ranges: Mapping[str, tuple[float | None, float | None]]
) -> list[PlacementOption]:
    """Feasible options within the ranges; what is unknown is within none."""
    return [one for one in found.feasible if all(_within(one, name, ends) for name, ends in ranges.items())]


def _within(one: PlacementOption, name: str, ends: tuple[float | None, float | None]) -> bool:
    figure = one.figures.get(name)
    if figure is None or figure.value is None:
        return False
    low, high = ends
    return (low is None or figure.value >= low) and (high is None or figure.value <= high)


def served(found: PlacementAnswer) -> dict[str, Any]:
    """Numbers that the browser ranks anew as weights move, by the formula of the server."""
    return {
        "objectives": [
            {
                "name": one.name,
                "direction": one.direction.value,
                "scale": one.scale,
                "reference": one.reference,
            }
            for one in found.objectives
        ],
        "weights": dict(found.weights),
        "options": [
            {
                "name": one.slug,
                "figures": {
                    name: {"value": each.value, "low": each.low, "high": each.high}
                    for name, each in one.figures.items()
                },
                "row": row(found, one),
            }
            for one in found.feasible
        ],
        "words": {"pareto": gettext("Pareto"), "match": gettext("Match")},
    }


def best(found: PlacementAnswer) -> dict[str, Any] | None:
    """The best match beside today: each figure of both with what changes."""
    winner = found.best
    if winner is None:
        return None
    base = found.base
    standing = winner.standing
    return {
        "row": row(found, winner),
        "today": base.name if base else "",
        "is_today": base is not None and base.slug == winner.slug,
        "figures": [_change(found, winner, base, one.name) for one in found.objectives],
        "cost": _cost(found, winner),
        "consequence": line(winner.moved) if winner.moved else "",
        "weakest": standing.weakest if standing else "",
        "weakest_score": round(standing.weakest_score * 100)
        if standing and standing.weakest_score is not None
        else None,
        "after": [
            {
                "label": str(CAPACITY[name]),
                "text": text(each),
                "unit": each.unit if name != "accelerators" else "",
            }
            for name, each in winner.after.items()
        ],
        "law": winner.law,
        "law_label": str(ANSWERS[winner.law.answer]),
        "steps": [row(found, one) for one in found.feasible if one.step][:RUNNERS_UP],
        "runners_up": [
            row(found, one) for one in found.feasible if one.step is None and one.slug != winner.slug
        ][:RUNNERS_UP],
    }


def _cost(found: PlacementAnswer, one: PlacementOption) -> dict[str, str] | None:
    """How the cost of a month comes about, and what an hour in use costs; None without accelerators."""
    if not found.asked.accelerator_count:
        return None
    month, hour = one.candidate.monthly_cost, one.useful_hour
    return {
        "held": sentences.held(one),
        "month": month.source.rstrip("."),
        "hour": f"{text(hour)} {hour.unit.partition(' ')[0]}" if hour.value is not None else "",
        "hour_source": hour.source.rstrip("."),
    }


def _change(
    found: PlacementAnswer, winner: PlacementOption, base: PlacementOption | None, name: str
) -> dict[str, Any]:
    """`tone` is good or bad by the objective's direction; a change that nobody can tell has none."""
    now, then = winner.figures.get(name), base.figures.get(name) if base else None
    change, tone, icon = "", "", ""
    is_max = any(one.name == name and one.direction is ObjectiveDirection.MAX for one in found.objectives)
    if now is not None and then is not None and now.value is not None and then.value is not None:
        less = now.value - then.value
        if base is not None and base.slug != winner.slug:
            share = abs(less / then.value) if then.value else None
            change = number(abs(less)) if share is None else sentences.percent(share)
            tone = "" if not less else "ok" if (less > 0) is is_max else "bad"
            icon = "minus" if not less else "arrow-up" if less > 0 else "arrow-down"
    return {
        "label": f"{LABELS[name]}, {unit_of(found, name)}",
        "old": winner.outdated.get(name, ""),
        "today": text(then) if base else "",
        "option": text(now),
        "why": why_unknown(now),
        "provenance": _provenance(now),
        "change": change,
        "tone": tone,
        "icon": icon,
        "direction": {"arrow-up": gettext("more"), "arrow-down": gettext("less")}.get(icon, ""),
    }


def why(found: PlacementAnswer) -> dict[str, Any] | None:
    """Sensitivity and robustness in words."""
    if found.sensitivity is None or found.robustness is None:
        return None
    names = {flip.objective for flip in found.sensitivity.flips}
    never = [str(LABELS[one.name]) for one in found.objectives if one.is_scored and one.name not in names]
    return {
        "winner": sentences.name(found, found.sensitivity.winner),
        "flips": [sentences.flip(flip, found) for flip in found.sensitivity.flips],
        "never": sentences.listed(never),
        "robust": sentences.robust(found.robustness, found),
        "share": round(found.robustness.share * 100),
        "references": sentences.references(found),
    }


def kept_out(found: PlacementAnswer) -> list[dict[str, Any]]:
    """Undecided sites, then rejected ones, those with the fewest reasons first; `MOST_ROWS` of them."""
    out = [one for one in found.options if not one.feasible]
    out.sort(key=lambda one: (one.placed.standing is Feasibility.REJECTED, len(one.reasons), one.name))
    return [
        {
            **row(found, one),
            "standing": one.placed.standing.value,
            "label": gettext("Undecided")
            if one.placed.standing is Feasibility.UNDECIDED
            else gettext("Rejected"),
            "state": "unknown" if one.placed.standing is Feasibility.UNDECIDED else "fail",
            "icon": "help-circle" if one.placed.standing is Feasibility.UNDECIDED else "circle-x",
            "first": sentence_of(one.reasons[0].words),
            "more": len(one.reasons) - 1,
            "reasons": [
                {
                    "words": sentence_of(each.words),
                    "why": why_unknown(each.actual),
                    "standing": each.standing.value,
                }
                for each in one.reasons
            ],
            "law_text": one.law.text,
            "operator_text": one.law.sovereignty_text,
        }
        for one in out[:MOST_ROWS]
    ]


def sentence_of(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"


def csv_rows(found: PlacementAnswer, shown: Sequence[PlacementOption]) -> tuple[list[str], list[list[Any]]]:
    """The options as shown, then undecided and rejected ones with their reasons."""
    columns = ["rank", "site", "name", "country", "standing", "score", "pareto"]
    for each in found.objectives:
        unit = re.sub(r"\W+", "_", unit_of(found, each.name)).strip("_")
        columns += [f"{each.name}_{unit}" if unit else each.name, f"{each.name}_provenance"]
    columns += [
        "it_power_after_kw",
        "jurisdiction",
        "operator_country",
        "sovereignty",
        "reasons",
        "against_today",
    ]
    rows = []
    for one in (*shown, *(each for each in found.options if not each.feasible)):
        ranked = one.ranked
        cells: list[Any] = [
            ranked.rank if ranked else "", one.slug, one.name, one.country, one.placed.standing.value,
            round(ranked.score, 6) if ranked else "", one.pareto if one.feasible else "",
        ]  # fmt: skip
        for each in found.objectives:
            figure = one.figures[each.name]
            cells += ["" if figure.value is None else figure.value, _provenance(figure)]
        power = one.after["power"].value
        cells += [
            "" if power is None else power, one.law.answer.value, one.operator_country,
            one.law.sovereignty.value,
            "; ".join(reason.words for reason in one.reasons), line(one.moved) if one.moved else "",
        ]  # fmt: skip
        rows.append(cells)
    return columns, rows
