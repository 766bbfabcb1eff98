"""Rows of the explorer: the options for the table, the browser and the file, and the best match against today."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from readiness.tradeoffs.core.objectives import ObjectiveDirection
from readiness.tradeoffs.core.options import BandedFigure, JurisdictionAnswer
from readiness.tradeoffs.core.words import number
from readiness.tradeoffs.placing import sentences
from readiness.tradeoffs.placing.answer import PlacementAnswer, PlacementOption

type Row = dict[str, Any]

LABELS: Mapping[str, Any] = {
    "cost": "Cost",
    "latency": "Latency",
    "energy": "Energy",
    "carbon": "Carbon",
    "readiness": "Readiness",
    "compliance": "Margin",
}
LEGAL_ANSWERS = {
    JurisdictionAnswer.ALLOWED: "Allowed",
    JurisdictionAnswer.NEEDS_BASIS: "Needs a basis",
    JurisdictionAnswer.FORBIDDEN: "Forbidden",
    JurisdictionAnswer.CANNOT_DECIDE: "Cannot be decided",
    JurisdictionAnswer.DECLARED: "Declared by the envelope",
    JurisdictionAnswer.NOT_ASKED: "Not asked",
}
CAPACITY = {"accelerators": "Accelerators", "power": "IT power", "bandwidth": "Bandwidth"}
MOST_ROWS = 100
"""Rows of feasible sites; the browser fills them anew as weights move."""


def text(figure: BandedFigure | None) -> str:
    """Return three significant digits; the bounds where the value is unknown."""
    if figure is None:
        return "–"
    if figure.value is not None:
        return number(figure.value)
    if figure.low is not None and figure.high is not None:
        return f"{number(figure.low)}–{number(figure.high)}?"
    if figure.low is not None:
        return f"≥ {number(figure.low)}?"
    return f"≤ {number(figure.high)}?" if figure.high is not None else "unknown"


def heads(answer: PlacementAnswer) -> list[Row]:
    return [
        {
            "name": objective.name,
            "label": str(LABELS[objective.name]),
            "unit": answer.unit_of(objective.name),
        }
        for objective in answer.objectives
    ]


def row(answer: PlacementAnswer, option: PlacementOption) -> Row:
    """Return an option as the page's template and the browser fill a row of the table with it."""
    ranked, power = option.ranked, option.after["power"]
    return {
        "slug": option.slug,
        "name": option.name,
        "place": option.place,
        "is_today": option.is_today,
        "pareto": option.pareto,
        "dominated": answer.name_of(option.dominated_by) if option.dominated_by else "",
        "rank": ranked.rank if ranked else None,
        "score": option.match,
        "effect": ranked.effect if ranked else "",
        "cells": cells(answer, option),
        "after": text(power),
        "after_why": power.why_unknown,
        "law": str(LEGAL_ANSWERS[option.law.answer]),
        "line": option.consequence,
        "step": option.step.words if option.step else "",
    }


def cells(answer: PlacementAnswer, option: PlacementOption) -> list[Row]:
    """Return a cell for each objective, with the reason where its figure is unknown."""
    return [
        {
            "name": objective.name,
            "label": f"{LABELS[objective.name]} {answer.unit_of(objective.name)}",
            "text": text(figure := option.figures.get(objective.name)),
            "why": figure.why_unknown if figure else "",
            "old": option.outdated.get(objective.name, ""),
            "provenance": _provenance(figure),
        }
        for objective in answer.objectives
    ]


def blank(answer: PlacementAnswer) -> Row:
    """Return a row without a site, for the browser to fill."""
    empty = [
        {"name": head["name"], "label": f"{head['label']} {head['unit']}", "text": "", "why": ""}
        for head in heads(answer)
    ]
    return {
        "slug": "",
        "name": "",
        "place": "",
        "pareto": True,
        "is_today": True,
        "dominated": "",
        "step": "-",
        "cells": empty,
    }


def _provenance(figure: BandedFigure | None) -> str:
    return "" if figure is None or figure.provenance is None else figure.provenance.value


def served(answer: PlacementAnswer) -> Row:
    """Return the numbers that the browser ranks anew as weights move, by the formula of the server."""
    return {
        "objectives": [
            {
                "name": objective.name,
                "direction": objective.direction.value,
                "scale": objective.scale,
                "reference": objective.reference,
            }
            for objective in answer.objectives
        ],
        "weights": dict(answer.weights),
        "options": [
            {
                "name": option.slug,
                "figures": {
                    name: {"value": figure.value, "low": figure.low, "high": figure.high}
                    for name, figure in option.figures.items()
                },
                "row": row(answer, option),
            }
            for option in answer.feasible
        ],
        "words": {"pareto": "Pareto", "match": "Match"},
    }


def best(answer: PlacementAnswer) -> Row | None:
    """Return what the card of the best match computes: each figure beside today's, and how the cost comes about."""
    option, base = answer.best, answer.base
    if option is None:
        return None
    return {
        "is_today": base is not None and base.slug == option.slug,
        "figures": [_change(answer, option, base, objective.name) for objective in answer.objectives],
        "cost": _cost(answer, option),
        "law": str(LEGAL_ANSWERS[option.law.answer]),
        "after": text(option.after["power"]),
    }


def _cost(answer: PlacementAnswer, option: PlacementOption) -> Row | None:
    """Say how the cost of a month comes about, and what an hour in use costs; None without accelerators."""
    if not answer.asked.accelerator_count:
        return None
    hour = option.useful_hour
    return {
        "held": sentences.held(option),
        "month": option.candidate.monthly_cost.source.rstrip("."),
        "hour": f"{text(hour)} {hour.unit.partition(' ')[0]}" if hour.value is not None else "",
        "hour_source": hour.source.rstrip("."),
    }


def _change(answer: PlacementAnswer, option: PlacementOption, base: PlacementOption | None, name: str) -> Row:
    """`tone` is good or bad by the objective's direction; a change that nobody can tell has none."""
    now, then = option.figures.get(name), base.figures.get(name) if base else None
    change, tone, icon = "", "", ""
    is_max = any(
        objective.name == name and objective.direction is ObjectiveDirection.MAX
        for objective in answer.objectives
    )
    if now is not None and then is not None and now.value is not None and then.value is not None:
        more = now.value - then.value
        if base is not None and base.slug != option.slug:
            share = abs(more / then.value) if then.value else None
            change = number(abs(more)) if share is None else sentences.percent(share)
            tone = "" if not more else "ok" if (more > 0) is is_max else "bad"
            icon = "minus" if not more else "arrow-up" if more > 0 else "arrow-down"
    return {
        "label": f"{LABELS[name]}, {answer.unit_of(name)}",
        "old": option.outdated.get(name, ""),
        "today": text(then) if base else "",
        "option": text(now),
        "why": now.why_unknown if now else "",
        "change": change,
        "tone": tone,
        "icon": icon,
        "direction": {"arrow-up": "more", "arrow-down": "less"}.get(icon, ""),
    }


def confidence(answer: PlacementAnswer) -> Row | None:
    """Say how sensitive and how robust the best match is."""
    if answer.sensitivity is None or answer.robustness is None:
        return None
    flipping = {flip.objective for flip in answer.sensitivity.flips}
    never = [
        str(LABELS[objective.name])
        for objective in answer.objectives
        if objective.is_scored and objective.name not in flipping
    ]
    return {
        "flips": [sentences.flip(flip, answer) for flip in answer.sensitivity.flips],
        "never": sentences.listed(never),
        "robust": sentences.robust(answer.robustness, answer),
        "references": sentences.references(answer),
    }


def kept_out(answer: PlacementAnswer) -> list[Row]:
    """Return the first `MOST_ROWS` of the sites that are kept out, with the cells of their objectives."""
    return [
        {
            "option": option,
            "cells": cells(answer, option),
            "law": str(LEGAL_ANSWERS[option.law.answer]),
        }
        for option in answer.kept_out[:MOST_ROWS]
    ]


def csv_rows(answer: PlacementAnswer, shown: Sequence[PlacementOption]) -> tuple[list[str], list[list[Any]]]:
    """Return columns and rows: the options as shown, then undecided and rejected ones with their reasons."""
    columns = ["rank", "site", "name", "country", "standing", "score", "pareto"]
    for objective in answer.objectives:
        unit = re.sub(r"\W+", "_", answer.unit_of(objective.name)).strip("_")
        columns += [f"{objective.name}_{unit}" if unit else objective.name, f"{objective.name}_provenance"]
    columns += [
        "it_power_after_kw",
        "jurisdiction",
        "operator_country",
        "sovereignty",
        "reasons",
        "against_today",
    ]
    others = (option for option in answer.options if not option.feasible)
    return columns, [_csv_row(answer, option) for option in (*shown, *others)]


def _csv_row(answer: PlacementAnswer, option: PlacementOption) -> list[Any]:
    ranked, power = option.ranked, option.after["power"].value
    cells: list[Any] = [
        ranked.rank if ranked else "", option.slug, option.name, option.country, option.placed.standing.value,
        round(ranked.score, 6) if ranked else "", option.pareto if option.feasible else "",
    ]  # fmt: skip
    for objective in answer.objectives:
        figure = option.figures[objective.name]
        cells += ["" if figure.value is None else figure.value, _provenance(figure)]
    cells += [
        "" if power is None else power, option.law.answer.value, option.operator_country,
        option.law.sovereignty.value,
        "; ".join(reason.words for reason in option.reasons), option.consequence,
    ]  # fmt: skip
    return cells
