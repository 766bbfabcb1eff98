"""Rows and sentences of an answer: options for table, browser and file, flips, and which limit to loosen."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from readiness.tradeoffs.core.objectives import Objective, ObjectiveDirection, ScoredAgainst
from readiness.tradeoffs.core.options import BandedFigure
from readiness.tradeoffs.core.placement import UnkeptLimit, limit_name
from readiness.tradeoffs.core.ranking import Robustness, WinnerFlip
from readiness.tradeoffs.core.units import book, number
from readiness.tradeoffs.placing.answer import PlacementAnswer, PlacementOption
from web.units import how_many


def flip(flip: WinnerFlip, answer: PlacementAnswer) -> str:
    """`cost at 62 % of all weight or more: LUL-1 wins instead`."""
    side, winner = "or more" if flip.up else "or less", answer.name_of(flip.to)
    return f"{_said(flip.objective)} at {percent(flip.share)} of all weight {side}: {winner} wins instead"


def robust(robustness: Robustness, answer: PlacementAnswer) -> str:
    words = (
        f"{answer.name_of(robustness.winner)} wins for {percent(robustness.share)} of {robustness.draws:,} weights "
        "drawn at random "
        f"over {listed([_said(name) for name in robustness.objectives])}, each mixture as likely as any other"
    )
    others = sorted(
        (share, slug) for slug, share in robustness.by_option.items() if slug != robustness.winner
    )
    if not others:
        return f"{words}; no other site for any of them."
    share, slug = others[-1]
    return f"{words}; {answer.name_of(slug)} for {percent(share)}."


def _said(objective: str) -> str:
    return "margin" if objective == "compliance" else objective


def held(option: PlacementOption) -> str:
    """`1 x h200 for 8 x l4 of today; 1 x h100-sxm by published BF16 dense`; empty where the type is unknown."""
    held = option.held
    if held is None or not held.here or held.count is None:
        return ""
    words = f"{held.count} x {held.here}"
    if held.of and held.of != held.here:
        words += f" for {held.asked} x {held.of} of today"
    if held.equivalents is None:
        return words
    return f"{words}; {number(held.equivalents)} x {book().reference} by published {book().precision}"


def references(answer: PlacementAnswer) -> str:
    scored = []
    for objective in answer.objectives:
        if objective.against is ScoredAgainst.SCALE and objective.scale is not None:
            scored.append(f"{_said(objective.name)} from 0 to {number(objective.scale)}")
        elif objective.reference is not None:
            whose = "its limit of" if objective.against is ScoredAgainst.LIMIT else "today's"
            scored.append(
                f"{objective.name} against {whose} {number(objective.reference)} {answer.unit_of(objective.name)}"
            )
    return f"Scored are {', '.join(scored)}." if scored else ""


def unscored(answer: PlacementAnswer) -> str:
    names = [
        _said(objective.name)
        for objective in answer.objectives
        if answer.weights[objective.name] > 0 and not objective.is_scored
    ]
    if not names:
        return ""
    are = "is" if len(names) == 1 else "are"
    why = f"{listed(names).capitalize()} {are} not scored: there is no limit for it and no figure today"
    if not answer.is_scored:
        return f"{why}, so that no site can be preferred. Declare a limit, or weigh something else."
    return f"{why}. Its weight is spread over the rest."


def _relaxed(limit: str, subject: str, by: float | None, unit: str) -> str:
    """`88 more accelerators`, `cost relaxed by 12 EUR`: what would have to give."""
    if by is None:
        return f"{limit_name(limit, subject)} relaxed"
    if limit == "accelerators":
        kind = "" if subject == "any" else f" ({subject})"
        return f"{how_many(by, 'more accelerator', 'more accelerators')}{kind}"
    return f"{limit_name(limit, subject)} relaxed by {number(by)} {unit}"


def to_loosen(answer: PlacementAnswer) -> list[dict[str, Any]]:
    """Name the limits that keep most sites out alone where no option is left, and by how much to loosen them.

    Empty where an option is left. A limit that keeps no site out alone is named only where none does.
    """
    if answer.feasible or not answer.options:
        return []
    alone: dict[tuple[str, str], list[tuple[PlacementOption, UnkeptLimit]]] = defaultdict(list)
    fewest = min(len(option.reasons) for option in answer.options)
    for option in answer.options:
        if len(option.reasons) == fewest:
            for reason in option.reasons:
                alone[reason.limit, _subject(reason)].append((option, reason))
    advice = []
    for (limit, subject), held in alone.items():
        known = [(reason.margin, option) for option, reason in held if reason.margin is not None]
        least, nearest = min(known, key=lambda pair: (pair[0], pair[1].name), default=(None, held[0][0]))
        unit = held[0][1].unit
        words = f"{nearest.name} would fit with {_relaxed(limit, subject, least, unit)}"
        if fewest > 1:
            words += f" and {how_many(fewest - 1, 'more limit', 'more limits')} relaxed"
        advice.append(
            {
                "limit": limit,
                "subject": subject,
                "by": least,
                "unit": unit,
                "site": nearest.slug,
                "sites": len(held),
                "words": f"{words}.",
            }
        )
    return sorted(advice, key=lambda limit: (-limit["sites"], limit["limit"], limit["subject"]))


def _subject(reason: UnkeptLimit) -> str:
    return reason.subject if reason.bound is not None else ""


def percent(share: float) -> str:
    """Whole percents, and what is not nothing never as 0, nor what is not all as 100."""
    whole = round(share * 100)
    if whole == 0 and share > 0:
        return "under 1 %"
    if whole == 100 and share < 1:
        return "over 99 %"
    return f"{whole} %"


def listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def confidence(answer: PlacementAnswer) -> dict[str, Any] | None:
    if answer.sensitivity is None or answer.robustness is None:
        return None
    flips = answer.sensitivity.flips
    flipping = {each.objective for each in flips}
    never = [
        _said(objective.name).capitalize()
        for objective in answer.objectives
        if objective.is_scored and objective.name not in flipping
    ]
    return {
        "flips": [flip(each, answer) for each in flips],
        "never": listed(never),
        "robust": robust(answer.robustness, answer),
        "references": references(answer),
    }


def changed(answer: PlacementAnswer) -> str:
    what_if = answer.question.what_if
    changes = {
        f"demand {what_if.demand * 100:g} %": what_if.demand != 1,
        f"price {what_if.electricity_price * 100:g} %": what_if.electricity_price != 1,
        f"carbon {what_if.carbon_price:g} {answer.currency}/t": what_if.carbon_price,
        how_many(len(what_if.sites_lost), "site lost", "sites lost"): what_if.sites_lost,
        how_many(len(what_if.limits), "limit changed", "limits changed"): what_if.limits,
    }
    return " · ".join(change for change, is_made in changes.items() if is_made) or "as it is today"


type Row = dict[str, Any]

LABELS: Mapping[str, str] = {
    "cost": "Cost",
    "latency": "Latency",
    "energy": "Energy",
    "carbon": "Carbon",
    "readiness": "Readiness",
    "compliance": "Margin",
}
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
        {"name": each.name, "label": LABELS[each.name], "unit": answer.unit_of(each.name)}
        for each in answer.objectives
    ]


def row(answer: PlacementAnswer, option: PlacementOption) -> Row:
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
        "cells": cells(answer, option),
        "after": text(power),
        "after_why": power.why_unknown,
        "step": option.step.words if option.step else "",
    }


def cells(answer: PlacementAnswer, option: PlacementOption) -> list[Row]:
    return [
        {
            "name": head["name"],
            "label": f"{head['label']} {head['unit']}",
            "text": text(figure := option.figures.get(head["name"])),
            "why": figure.why_unknown if figure else "",
            "old": option.outdated.get(head["name"], ""),
            "provenance": _provenance(figure),
        }
        for head in heads(answer)
    ]


def blank(answer: PlacementAnswer) -> Row:
    empty = [
        {"name": head["name"], "label": f"{head['label']} {head['unit']}", "text": "", "why": ""}
        for head in heads(answer)
    ]
    texts = dict.fromkeys(("slug", "name", "place", "dominated"), "")
    return {**texts, "pareto": True, "is_today": True, "step": "-", "cells": empty}


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
    }


def changes(answer: PlacementAnswer) -> list[Row]:
    if answer.best is None:
        return []
    return [_change(answer, answer.best, objective) for objective in answer.objectives]


def _change(answer: PlacementAnswer, option: PlacementOption, objective: Objective) -> Row:
    name, base = objective.name, answer.base
    now, then = option.figures.get(name), base.figures.get(name) if base else None
    change, tone, icon = "", "", ""
    if now is not None and then is not None and now.value is not None and then.value is not None:
        more = now.value - then.value
        if not answer.stays:
            share = abs(more / then.value) if then.value else None
            change = number(abs(more)) if share is None else percent(share)
            is_better = (more > 0) is (objective.direction is ObjectiveDirection.MAX)
            tone = "" if not more else "ok" if is_better else "bad"
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


def comparison(answer: PlacementAnswer, slugs: Sequence[str]) -> Row | None:
    sites = [side for slug in slugs if (side := answer.option_at(slug)) is not None]
    if len(sites) != 2:
        return None
    figures = []
    for objective in answer.objectives:
        both = [site.figures[objective.name] for site in sites]
        best = _better(both, objective.direction)
        label = f"{LABELS[objective.name]}, {answer.unit_of(objective.name)}"
        figures.append((label, [(figure, figure is best) for figure in both]))
    return {"sites": sites, "figures": figures}


def _better(both: Sequence[BandedFigure], direction: ObjectiveDirection) -> BandedFigure | None:
    first, second = (figure.value for figure in both)
    if first is None or second is None or first == second:
        return None
    return both[(first > second) is not (direction is ObjectiveDirection.MAX)]


def csv_rows(answer: PlacementAnswer, shown: Sequence[PlacementOption]) -> tuple[list[str], list[list[Any]]]:
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
        ranked.rank if ranked else "", option.slug, option.name, option.site.country, option.placed.standing.value,
        round(ranked.score, 6) if ranked else "", option.pareto if option.feasible else "",
    ]  # fmt: skip
    for objective in answer.objectives:
        figure = option.figures[objective.name]
        cells += ["" if figure.value is None else figure.value, _provenance(figure)]
    cells += [
        "" if power is None else power, option.law.answer.value, option.site.operator_country,
        option.law.sovereignty.value,
        "; ".join(reason.words for reason in option.reasons), option.consequence,
    ]  # fmt: skip
    return cells
