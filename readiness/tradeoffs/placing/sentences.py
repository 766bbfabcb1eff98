"""Sentences of an answer: the winner and its robustness, flips, and which limit to loosen."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from readiness.tradeoffs.placing.core.answer import PlacementAnswer, PlacementOption
from readiness.tradeoffs.placing.core.inputs import SiteStaffing
from readiness.tradeoffs.placing.core.objectives import ScoredAgainst
from readiness.tradeoffs.placing.core.placement import UnkeptLimit, free_name, limit_name
from readiness.tradeoffs.placing.core.ranking import Robustness, WinnerFlip
from readiness.tradeoffs.placing.shapes import LimitToLoosen
from readiness.tradeoffs.units import book, difference, number, rounded_up, signed
from web.units import how_many

MOST_COMPARED = 2
"""Objectives in the note of a key figure."""


def flip(flip: WinnerFlip, answer: PlacementAnswer) -> str:
    """`Above 62 % of all weight on cost, LUL-1 wins.` Rounded away from the present weight, so that the sentence
    holds."""
    percents = math.ceil(100 * flip.share - 1e-9) if flip.up else math.floor(100 * flip.share + 1e-9)
    where = f"{'Above' if flip.up else 'Below'} {percents} % of all weight"
    if percents == (100 if flip.up else 0):
        where = "With all weight" if flip.up else "Without weight"
    return f"{where} on {_said(flip.objective)}, {answer.name_of(flip.to)} wins."


def robust(robustness: Robustness, answer: PlacementAnswer) -> str:
    winner = answer.name_of(robustness.winner)
    if not answer.runners_up and answer.steps:
        improvements = how_many(len(answer.steps), "other option costs", "other options cost")
        return (
            f"{winner} wins at any weights: {improvements} more without bringing a figure within its limit."
        )
    if not answer.runners_up:
        return f"{winner} is the only option, at any weights."
    words = (
        f"{winner} wins for {percent(robustness.share)} of {robustness.draws:,} weights "
        "drawn at random "
        f"over {listed([_said(name) for name in robustness.objectives])}, each mixture as likely as any other"
    )
    others = sorted(
        (share, slug) for slug, share in robustness.by_option.items() if slug != robustness.winner
    )
    if not others:
        return f"{words}; no other site wins for any of them."
    share, slug = others[-1]
    return f"{words}; {answer.name_of(slug)} for {percent(share)}."


def _said(objective: str) -> str:
    return "margin" if objective == "compliance" else objective


def accelerators_held(option: PlacementOption) -> str:
    """`1 x h200 for 8 x l4 of today; 1 x h100-sxm by published BF16 dense`; empty if the type is unknown."""
    accelerators = option.accelerators
    if accelerators is None or not accelerators.here or accelerators.count is None:
        return ""
    words = f"{accelerators.count} x {accelerators.here}"
    if accelerators.of and accelerators.of != accelerators.here:
        words += f" for {accelerators.needed} x {accelerators.of} of today"
    if accelerators.equivalents is None:
        return words
    return f"{words}; {number(accelerators.equivalents)} x {book().reference} by published {book().precision}"


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
    are, it, its = ("is", "it has", "Its") if len(names) == 1 else ("are", "they have", "Their")
    why = f"{listed(names).capitalize()} {are} not scored, because {it} neither a limit nor a figure today"
    if not answer.is_scored:
        return f"{why}, so no site can be preferred. Declare a limit, or weigh other objectives."
    return f"{why}. {its} weight is spread over the rest."


def limits_to_loosen(answer: PlacementAnswer) -> list[LimitToLoosen]:
    """Name the limits that alone exclude the most sites, and by how much to loosen them; empty if there is an option.

    A limit that excludes no site alone is named only if no limit does.
    """
    if answer.feasible or not answer.options:
        return []
    alone: dict[tuple[str, str], list[tuple[PlacementOption, UnkeptLimit]]] = defaultdict(list)
    fewest = min(len(option.reasons) for option in answer.options)
    for option in answer.options:
        if len(option.reasons) == fewest:
            for reason in option.reasons:
                alone[reason.limit, _subject(reason)].append((option, reason))
    advice: list[LimitToLoosen] = []
    for (limit, subject), exclusions in alone.items():
        margins = [
            (reason.margin, option, reason) for option, reason in exclusions if reason.margin is not None
        ]
        least, nearest, reason = min(
            margins, key=lambda each: (each[0], each[1].name), default=(None, *exclusions[0])
        )
        words = f"{nearest.name} would fit {_loosened(reason, least)}." if fewest == 1 else failing(nearest)
        advice.append(
            {
                "limit": limit,
                "subject": subject,
                "by": least,
                "unit": reason.unit,
                "site": nearest.slug,
                "sites": len(exclusions),
                "words": words,
            }
        )
    return sorted(advice, key=lambda limit: (-limit["sites"], limit["limit"], limit["subject"]))


def failing(option: PlacementOption) -> str:
    """`SEL-1 fails two limits: power (5 kW short) and latency iberia p99 (7 ms over).`"""
    limits = [_failed(reason) for reason in option.reasons]
    return f"{option.name} fails {count_text(len(limits))} limits: {listed(limits)}."


def _failed(reason: UnkeptLimit) -> str:
    name = limit_name(reason.limit, _subject(reason))
    if reason.limit == "verdict" and reason.subject:
        return f"{name} ({reason.subject.replace('-', ' ')})"
    if reason.margin is None:
        return name
    free = free_name(reason.limit, reason.subject)
    by = math.ceil(reason.margin - 1e-9) if reason.limit == "accelerators" else rounded_up(reason.margin)
    unit = "" if reason.limit == "accelerators" else f" {reason.unit}"
    return f"{name} ({number(by)}{unit} {'short' if free or reason.limit == 'readiness' else 'over'})"


_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def count_text(number_of: int) -> str:
    return _COUNTS[number_of] if number_of < len(_COUNTS) else f"{number_of}"


_NO_AMOUNT = {
    "site": "if it was not lost",
    "country": "if its country was allowed",
    "jurisdiction": "once the rules of jurisdiction allow it",
    "operator": "under another operator",
    "verdict": "with the verdict that is needed",
}


def _loosened(reason: UnkeptLimit, by: float | None) -> str:
    """`with 88 more accelerators`, `with the limit on latency iberia p99 raised by 7 ms`: the written value is
    enough."""
    name = limit_name(reason.limit, _subject(reason))
    if by is None:
        return _NO_AMOUNT.get(reason.limit, f"without the limit on {name}")
    if free := free_name(reason.limit, reason.subject):
        enough = math.ceil(by - 1e-9) if reason.limit == "accelerators" else rounded_up(by)
        return f"with {number(enough)} more {free}"
    done = "lowered" if reason.limit == "readiness" else "raised"
    return f"with the limit on {name} {done} by {number(rounded_up(by))} {reason.unit}"


def _subject(reason: UnkeptLimit) -> str:
    return reason.subject if reason.bound is not None else ""


def percent(share: float) -> str:
    """Whole percents, but never 0 for a positive share, nor 100 for less than all."""
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
        if objective.is_scored and objective.name not in flipping and answer.runners_up
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
        how_many(len(what_if.links_slower), "link slower", "links slower"): what_if.links_slower,
        f"PUE {what_if.pue}": what_if.pue is not None,
        how_many(len(what_if.limits), "limit changed", "limits changed"): what_if.limits,
        f"data under the law of {what_if.data_origin}": what_if.data_origin,
        how_many(len(what_if.bases), "basis on record", "bases on record"): what_if.bases,
    }
    return " · ".join(change for change, is_made in changes.items() if is_made) or "as it is today"


def key_figures(answer: PlacementAnswer, loosen: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The winner, the extra cost of the next best, the robustness, and the number of options."""
    best, feasible, kept_out = answer.best, len(answer.feasible), len(answer.kept_out)
    options = {
        "label": "Options",
        "value": feasible,
        "unit": f"of {how_many(len(answer.options), 'site', 'sites')}",
        "note": f"{'keeps' if feasible == 1 else 'keep'} every limit; {kept_out} undecided or rejected",
    }
    if best is None:
        why = unscored(answer) if feasible else loosen[0]["words"] if loosen else ""
        return [{"label": "Best match", "value": "None", "note": why}, options]
    figures = [
        {
            "label": "Best match",
            "value": best.name,
            "unit": f"{answer.match_text(best)} of 100",
            "note": "; ".join([verdict_text(best), *remarks(answer, best), _against_today(answer, best)]),
        }
    ]
    if answer.runners_up:
        runner = answer.runners_up[0]
        figures.append(
            {
                "label": "Next best",
                "value": runner.name,
                "unit": f"{answer.match_text(runner)} of 100",
                "note": f"{verdict_text(runner)}; {price(answer, runner, best) or 'the same'}",
            }
        )
    else:
        why = "Cheapest that meets every limit" if answer.steps else "no other option"
        figures.append({"label": "Next best", "value": "None", "note": why})
    if answer.robustness is not None and answer.runners_up:
        share, draws = percent(answer.robustness.share), answer.robustness.draws
        figures.append(
            {"label": "How sure", "value": share, "note": f"of {draws:,} weights drawn at random choose it"}
        )
    return [*figures, options]


def _against_today(answer: PlacementAnswer, best: PlacementOption) -> str:
    if answer.stays or answer.base is None:
        return "it runs there today" if answer.stays else "it runs nowhere today"
    as_well = "it runs there as well; " if best.is_today else ""
    return f"{as_well}against {answer.base.name} today: {price(answer, best, answer.base) or 'the same'}"


def staffed(staffing: SiteStaffing) -> str:
    if not staffing.uncovered:
        return "staffed"
    return f"{how_many(staffing.uncovered, 'requirement', 'requirements')} uncovered"


def verdict_text(option: PlacementOption) -> str:
    return option.verdict.capitalize().replace("-", " ") if option.verdict else "Not evaluated"


def remarks(answer: PlacementAnswer, option: PlacementOption) -> list[str]:
    """Facts to know beside the figures: ties, and a limit that is hardly kept."""
    sentences = []
    if others := [each.name for each in answer.tied(option)]:
        sentences.append(f"tied with {listed(others)}")
    if margin := margin_text(option):
        sentences.append(margin)
    return sentences


def margin_text(option: PlacementOption) -> str:
    margin = option.placed.compliance_margin
    if margin is None or not option.is_tight:
        return ""
    return f"margin {percent(margin)} on {option.placed.tightest}"


def price(answer: PlacementAnswer, option: PlacementOption, than: PlacementOption) -> str:
    """`cost +212 USD a month, latency +8.5 ms`: one option against another, as written, in the two weighed objectives
    with the most weight in which they differ. The card of the best match compares all."""
    parts: list[str] = []
    weighed = sorted(answer.objectives, key=lambda objective: -answer.weights[objective.name])
    for name in (each.name for each in weighed if answer.weights[each.name] > 0):
        value, other = option.figures[name].value, than.figures[name].value
        if value is None or other is None:
            unknown = [side.name for side in (option, than) if side.figures[name].value is None]
            parts.append(f"{_said(name)} unknown at {listed(unknown)}")
        elif more := difference(value, other):
            unit = answer.unit_of(name).replace("/", " a ").partition(" p")[0]
            parts.append(f"{_said(name)} {signed(more)} {unit}")
    return ", ".join(parts[:MOST_COMPARED])
