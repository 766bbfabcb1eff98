"""Sentences about the gap, its groups, and what would close it; every figure is computed."""

from __future__ import annotations

from collections.abc import Sequence

from readiness.boards.findings import amount
from readiness.scoring.core.closing import ClosingTarget, least_checks
from readiness.scoring.core.gap import CapabilityGap, CapacityMeasure, Gap
from readiness.scoring.gap.closing import Closing
from readiness.scoring.gap.queries import CONDITIONAL, OTHERS, Group, PresentGroup
from readiness.scoring.queries.capacity import CapacityHistory, check_name
from web.units import how_many, number, percent, plural

FIRST_STEPS = 5


def share(part: float, whole: float) -> str:
    return str(percent(part / whole if whole else None))


def projected(outlook: CapacityHistory, *, measure: CapacityMeasure) -> str:
    """Where the gap goes if the pace holds, with its band; empty where nothing is projected."""
    ahead = outlook.projection
    if ahead is None:
        return ""
    gap = max(ahead.deployed[-1] - ahead.ready[-1], 0.0)
    low = max(ahead.deployed_band[-1][0] - ahead.ready_band[-1][1], 0.0)
    high = max(ahead.deployed_band[-1][1] - ahead.ready_band[-1][0], 0.0)
    return (
        f"If the pace holds, the gap is {amount(gap, measure)} in {ahead.horizon_weeks} weeks, "
        f"give or take {amount((high - low) / 2, measure)}."
    )


def largest(groups: Sequence[PresentGroup], gap: Gap, *, measure: CapacityMeasure) -> str:
    """Which group holds most of the gap now."""
    if not groups:
        return "Nothing holds capacity back: all that is deployed is ready."
    first = groups[0]
    if first.key == CONDITIONAL:
        return "No BLOCK check holds capacity back: all of the gap is conditional."
    held = measure.of(first.gap.gap)
    counted = how_many(len(first.sites), "site", "sites")
    return (
        f"{first.label} holds the most: {amount(held, measure)} at {counted}, "
        f"{share(held, measure.of(gap.gap))} of the gap."
    )


def moved(groups: Sequence[Group], *, measure: CapacityMeasure) -> str:
    """Which group's gap grew most over the range, and which shrank most."""
    known = [group for group in groups if group.key != OTHERS]
    changes = [(measure.of(group.now.gap) - measure.of(group.gaps[0].gap), group) for group in known]
    if not changes:
        return "There was no gap in this time."
    up, grew = max(changes, key=lambda pair: (pair[0], pair[1].key))
    down, shrank = min(changes, key=lambda pair: (pair[0], pair[1].key))
    sentences = []
    if up > 0:
        sentences.append(f"{grew.label} grew most, by {amount(up, measure)}.")
    if down < 0:
        sentences.append(f"{shrank.label} shrank most, by {amount(-down, measure)}.")
    return " ".join(sentences) or "No group's gap changed over this time."


def capability(gap: CapabilityGap, growth: float | None) -> str:
    """How capacity and people grew; says what is missing where there is no base."""
    if growth is None:
        return "No base: no accelerators were deployed 180 days ago."
    grew = f"Accelerators changed by {number(100 * growth, 0)} % in 180 days"
    if gap.points is None:
        return (
            f"No base: {grew[0].lower() + grew[1:]}, and no figures of qualified people are kept to "
            "set beside that."
        )
    return f"{grew}, {number(gap.points, 0)} points more than qualified people."


def single_check(closing: Closing) -> str:
    """Which one check, resolved wherever it holds a site, frees most; exact."""
    if not closing.effects:
        return "No check holds any capacity back."
    best, measure = closing.effects[0], closing.measure
    if not measure.of(best.freed):
        least = least_checks(closing.held)
        return f"No single check frees a site: the nearest one is held by {least}."
    where = plural(len(best.sites), f"the {len(best.sites)} site", f"all {len(best.sites)} sites")
    last = plural(len(best.frees), "it is the last one at %(n)s.", "it is the last one at %(n)s.")
    return (
        (
            f"The single check that frees most is “{check_name(closing.framework, best.check_id)}”: "
            f"resolved at {where} it holds, {amount(measure.of(best.freed), measure)};"
        )
        + " "
        + last % {"n": len(best.frees)}
    )


def first_steps(closing: Closing) -> str:
    """The capacity that the first steps of the ranked plan free, and the checks that they need."""
    if not closing.plan:
        return ""
    steps = min(FIRST_STEPS, len(closing.plan))
    last, measure = closing.plan[steps - 1], closing.measure
    freed = measure.of(last.freed_so_far)
    checks = how_many(last.checks_so_far, "check", "checks")
    said = plural(
        steps,
        "The first site of the plan needs %(checks)s and frees %(freed)s, %(share)s of what is held.",
        "The first %(steps)s sites of the plan need %(checks)s and free %(freed)s, %(share)s of what is held.",
    )
    return said % {
        "steps": steps,
        "checks": checks,
        "freed": amount(freed, measure),
        "share": share(freed, measure.of(closing.capacity)),
    }


def at_best(closing: Closing, checks: int) -> str:
    """The most that so many resolved checks can free, and where."""
    chosen, measure = closing.best_with(checks), closing.measure
    if not chosen:
        least = least_checks(closing.held)
        if not least:
            return ""
        return f"With {checks} resolved no site is free: the nearest one is held by {least}."
    freed = sum(measure.of(site.held) for site in chosen)
    needed = sum(len(site.checks) for site in chosen)
    names = [closing.sites[site.site].name for site in chosen]
    where = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return f"With {checks} resolved, no more than {amount(freed, measure)} can be free: {needed} at {where}."


def beyond(closing: Closing) -> str:
    """Capacity that no check would free, for there is none to resolve; empty if there is none."""
    if not closing.beyond:
        return ""
    held = sum(closing.measure.of(site.held) for site in closing.beyond)
    said = plural(
        len(closing.beyond),
        "%(n)s site with %(held)s is in no plan: it was never evaluated, or no check applies to prove it.",
        "%(n)s sites with %(held)s are in no plan: they were never evaluated, or no check applies to prove them.",
    )
    return said % {"n": len(closing.beyond), "held": amount(held, closing.measure)}


def target(target: ClosingTarget) -> str:
    if target is ClosingTarget.CONDITIONAL:
        return "A site leaves not ready when every BLOCK check that holds it is resolved, and then whole."
    return (
        "A site is ready when every BLOCK and COND check that holds it is resolved, "
        "those under an exception as well."
    )
