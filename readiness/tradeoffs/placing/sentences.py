"""Sentences about an answer: flips, robustness, and which limit to loosen where no site is left."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from readiness.tradeoffs.core.objectives import ScoredAgainst
from readiness.tradeoffs.core.performance import book
from readiness.tradeoffs.core.placement import UnkeptLimit, limit_name
from readiness.tradeoffs.core.sensitivity import Robustness, WinnerFlip
from readiness.tradeoffs.core.words import number
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
    """Which objectives that have a weight are not scored, and where their weight goes; empty where all are."""
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
        by = f" by {number(least)} {unit}" if least is not None else ""
        words = f"Loosen {limit_name(limit, subject)}{by}, and {nearest.name} is left"
        if fewest > 1:
            words += f", if {fewest - 1} more of its limits are loosened too"
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
