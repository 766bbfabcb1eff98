"""What a weighed placement says in words: flips, robustness, and which limit to loosen where no site is left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from readiness.tradeoffs.core.objectives import ScoredAgainst
from readiness.tradeoffs.core.performance import book
from readiness.tradeoffs.core.placement import UnkeptLimit, limit_name
from readiness.tradeoffs.core.sensitivity import Robustness, WinnerFlip
from readiness.tradeoffs.core.words import number
from readiness.tradeoffs.placing.figures import CARBON_UNIT, ENERGY_UNIT
from readiness.tradeoffs.placing.weighing import PlacementAnswer, PlacementOption


def flip(found: WinnerFlip, of: PlacementAnswer) -> str:
    """`cost at 62 % of all weight or more: LUL-1 wins instead`."""
    side = "or more" if found.up else "or less"
    return f"{_said(found.objective)} at {percent(found.share)} of all weight {side}: {name(of, found.to)} wins instead"


def robust(found: Robustness, of: PlacementAnswer) -> str:
    """How many of the weights drawn at random keep the winner, and over what they are drawn."""
    told = (
        f"{name(of, found.winner)} wins for {percent(found.share)} of {found.draws:,} weights drawn at random "
        f"over {listed([_said(one) for one in found.objectives])}, each mixture as likely as any other"
    )
    others = sorted((share, slug) for slug, share in found.by_option.items() if slug != found.winner)
    if not others:
        return f"{told}; no other site for any of them."
    share, slug = others[-1]
    return f"{told}; {name(of, slug)} for {percent(share)}."


def _said(objective: str) -> str:
    """Return the objective's name as pages show it."""
    return "margin" if objective == "compliance" else objective


def held(one: PlacementOption) -> str:
    """`1 x h200 for 8 x l4 of today; 1 x h100-sxm by published BF16 dense`; empty where the type is unknown."""
    found = one.held
    if found is None or not found.here or found.count is None:
        return ""
    told = f"{found.count} x {found.here}"
    if found.of and found.of != found.here:
        told += f" for {found.asked} x {found.of} of today"
    if found.equivalents is None:
        return told
    return f"{told}; {number(found.equivalents)} x {book().reference} by published {book().precision}"


def references(of: PlacementAnswer) -> str:
    """Say what each score is measured against: `Scored are latency against its limit of 20 ms, ….`"""
    told = []
    for one in of.objectives:
        if one.against is ScoredAgainst.SCALE and one.scale is not None:
            told.append(f"{_said(one.name)} from 0 to {number(one.scale)}")
        elif one.reference is not None:
            whose = "its limit of" if one.against is ScoredAgainst.LIMIT else "today's"
            told.append(f"{one.name} against {whose} {number(one.reference)} {unit_of(of, one.name)}")
    return f"Scored are {', '.join(told)}." if told else ""


def unscored(of: PlacementAnswer) -> str:
    """Which objectives that have a weight are not scored, and where their weight goes; empty where all are."""
    names = [_said(one.name) for one in of.objectives if of.weights[one.name] > 0 and not one.is_scored]
    if not names:
        return ""
    are = "is" if len(names) == 1 else "are"
    why = f"{listed(names).capitalize()} {are} not scored: there is no limit for it and no figure today"
    if not of.is_scored:
        return f"{why}, so that no site can be preferred. Declare a limit, or weigh something else."
    return f"{why}. Its weight is spread over the rest."


def unit_of(of: PlacementAnswer, objective: str) -> str:
    units = {
        "cost": f"{of.currency}/month",
        "latency": f"ms p{of.asked.latency_percentile:g}",
        "energy": ENERGY_UNIT,
        "carbon": CARBON_UNIT,
        "readiness": "points",
        "compliance": "% of limit",
    }
    return units[objective]


def to_loosen(found: PlacementAnswer) -> list[dict[str, Any]]:
    """Where no option is left: what keeps most sites out all alone, and by how much it would have to be loosened.

    Empty where an option is left. A limit that is alone at no site is told where none is alone anywhere.
    """
    if found.feasible or not found.options:
        return []
    alone: dict[tuple[str, str], list[tuple[PlacementOption, UnkeptLimit]]] = defaultdict(list)
    fewest = min(len(one.reasons) for one in found.options)
    for option in found.options:
        if len(option.reasons) == fewest:
            for reason in option.reasons:
                alone[reason.limit, _subject(reason)].append((option, reason))
    told = []
    for (limit, subject), held in alone.items():
        known = [(reason.margin, option) for option, reason in held if reason.margin is not None]
        least, nearest = min(known, key=lambda one: (one[0], one[1].name), default=(None, held[0][0]))
        unit = held[0][1].unit
        by = f" by {number(least)} {unit}" if least is not None else ""
        words = f"Loosen {limit_name(limit, subject)}{by}, and {nearest.name} is left"
        if fewest > 1:
            words += f", if {fewest - 1} more of its limits are loosened too"
        told.append(
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
    return sorted(told, key=lambda one: (-one["sites"], one["limit"], one["subject"]))


def _subject(reason: UnkeptLimit) -> str:
    """Of quantities what of them; a country or a rule is another one at each site."""
    return reason.subject if reason.bound is not None else ""


def name(of: PlacementAnswer, slug: str) -> str:
    site = of.sites.get(slug)
    return site.name if site is not None else slug


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
