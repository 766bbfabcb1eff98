"""Rows of an answer: options for table, browser and file, other sites by reason, and two sites side by side."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from readiness.assessment.scoring.core.states import Verdict
from readiness.tradeoffs.moves.options import BandedFigure
from readiness.tradeoffs.placing.core.answer import PlacementAnswer, PlacementOption
from readiness.tradeoffs.placing.core.objectives import Objective, ObjectiveDirection
from readiness.tradeoffs.placing.core.placement import REASON_GROUPS, limit_name
from readiness.tradeoffs.placing.sentences import margin_text, percent, remarks, staffed
from readiness.tradeoffs.units import number

type Row = dict[str, Any]

LABELS = {
    "cost": "Cost",
    "latency": "Latency",
    "energy": "Energy",
    "carbon": "Carbon",
    "readiness": "Readiness",
    "compliance": "Margin",
}
MOST_ROWS = 100
"""Number of rows of feasible sites; the browser refills them as weights move."""


def text(figure: BandedFigure | None) -> str:
    """Return three significant digits; the bounds if the value is unknown."""
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
    staffing = answer.facts.staffing.get(option.slug)
    return {
        "slug": option.slug,
        "name": option.name,
        "place": f"{option.place} · {staffed(staffing)}" if staffing else option.place,
        "verdict": option.verdict or "none",
        "remarks": "; ".join(remarks(answer, option)),
        "margin": margin_text(option),
        "is_today": option.is_today,
        "pareto": option.pareto,
        "dominated": answer.name_of(option.dominated_by) if option.dominated_by else "",
        "rank": ranked.rank if ranked else None,
        "rank_text": rank_text(answer, option),
        "score": option.match,
        "points": ranked.points if ranked else 0,
        "match": answer.match_text(option),
        "cells": cells(answer, option),
        "after": text(power),
        "after_why": power.why_unknown,
        "step": option.step.words if option.step else "",
    }


def rank_text(answer: PlacementAnswer, option: PlacementOption) -> str:
    """`1`, or `1=` for a tie."""
    if option.ranked is None:
        return ""
    return f"{option.ranked.rank}{'=' if answer.tied(option) else ''}"


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
    texts: Row = dict.fromkeys(("slug", "name", "place", "dominated", "match", "remarks"), "")
    texts |= {"rank_text": "", "verdicts": ("ready", "conditional", "not-ready", "none")}
    return {**texts, "pareto": True, "is_today": True, "step": "-", "cells": empty}


def kept_out(answer: PlacementAnswer) -> list[Row]:
    """Group sites that are not options by their first reason; undecided ones come first."""
    by_reason: dict[tuple[bool, str], list[PlacementOption]] = defaultdict(list)
    for option in answer.kept_out[:MOST_ROWS]:
        by_reason[option.undecided, _reason_group(option)].append(option)
    groups = [
        {
            "key": f"{'undecided' if undecided else 'rejected'}-{limit}",
            "undecided": undecided,
            "words": f"{limit_name(limit, '').capitalize()} undecided" if undecided else REASON_GROUPS[limit],
            "sites": [(option, cells(answer, option)) for option in options],
            "alone": sum(len(option.reasons) == 1 for option in options),
        }
        for (undecided, limit), options in by_reason.items()
    ]
    return sorted(groups, key=lambda group: (not group["undecided"], -len(group["sites"]), group["words"]))


def _reason_group(option: PlacementOption) -> str:
    """Sites that would be options once they are ready stand apart from those that fail another limit too."""
    limits = {reason.limit for reason in option.reasons}
    is_not_ready = option.verdict is Verdict.NOT_READY
    return "not-ready" if is_not_ready and limits == {"verdict"} else option.reasons[0].limit


def planned(answer: PlacementAnswer) -> list[Row]:
    """Sites that are no option because they are not in service, with their date."""
    return [{"site": site, "opens": answer.facts.opens.get(site.slug)} for site in answer.not_in_service]


def _provenance(figure: BandedFigure | None) -> str:
    return "" if figure is None or figure.provenance is None else figure.provenance.value


def served(answer: PlacementAnswer) -> Row:
    """Return the numbers with which the browser ranks again as weights move, by the server's formula."""
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
        "label": LABELS[name],
        "unit": answer.unit_of(name),
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


def csv_rows(
    answer: PlacementAnswer, in_range: Sequence[PlacementOption]
) -> tuple[list[str], list[list[Any]]]:
    columns = ["rank", "site", "name", "country", "standing", "score", "pareto", "verdict", "remarks"]
    for objective in answer.objectives:
        unit = re.sub(r"\W+", "_", answer.unit_of(objective.name)).strip("_")
        columns += [f"{objective.name}_{unit}" if unit else objective.name, f"{objective.name}_provenance"]
    columns += [
        "it_power_after_kw",
        "jurisdiction",
        "operator_country",
        "sovereignty",
        "requirements_uncovered",
        "reasons",
        "against_today",
    ]
    others = (option for option in answer.options if not option.feasible)
    return columns, [_csv_row(answer, option) for option in (*in_range, *others)]


def _csv_row(answer: PlacementAnswer, option: PlacementOption) -> list[Any]:
    ranked, power = option.ranked, option.after["power"].value
    staffing = answer.facts.staffing.get(option.slug)
    cells: list[Any] = [
        ranked.rank if ranked else "", option.slug, option.name, option.site.country, option.placed.standing.value,
        round(ranked.score, 6) if ranked else "", option.pareto if option.feasible else "", option.verdict or "",
        "; ".join(remarks(answer, option)),
    ]  # fmt: skip
    for objective in answer.objectives:
        figure = option.figures[objective.name]
        cells += ["" if figure.value is None else figure.value, _provenance(figure)]
    cells += [
        "" if power is None else power, option.law.answer.value, option.site.operator_country,
        option.law.sovereignty.value, staffing.uncovered if staffing else "",
        "; ".join(reason.words for reason in option.reasons), option.consequence,
    ]  # fmt: skip
    return cells
