"""Sentences about the gap, its groups, and what would close it; every figure is computed."""

from collections.abc import Sequence

from readiness.boards.findings import amount
from readiness.scoring.core.closing import ClosingTarget, least_checks
from readiness.scoring.core.gap import CapabilityGap, CapacityMeasure, Gap
from readiness.scoring.gap.closing import Closing
from readiness.scoring.gap.queries import CONDITIONAL, OTHERS, Group, PresentGroup
from readiness.scoring.queries.capacity import CapacityHistory, check_name
from web.units import how_many, number, percent

FIRST_STEPS = 5
NAMED = 4


def share(part: float, whole: float) -> str:
    return str(percent(part / whole if whole else None))


def projected(outlook: CapacityHistory, *, measure: CapacityMeasure) -> str:
    ahead = outlook.projection
    if ahead is None:
        return ""
    gap = max(ahead.deployed[-1] - ahead.ready[-1], 0.0)
    low = max(ahead.deployed_band[-1][0] - ahead.ready_band[-1][1], 0.0)
    high = max(ahead.deployed_band[-1][1] - ahead.ready_band[-1][0], 0.0)
    give_or_take = amount((high - low) / 2, measure)
    return (
        f"If the pace holds, the gap is {amount(gap, measure)} in {ahead.horizon_weeks} weeks,"
        f" give or take {give_or_take}."
    )


def largest(groups: Sequence[PresentGroup], gap: Gap, *, measure: CapacityMeasure) -> str:
    if not groups:
        return "Nothing holds capacity back: all that is deployed is ready."
    first = groups[0]
    if first.key == CONDITIONAL:
        return "No BLOCK check holds capacity back: all of the gap is conditional."
    held = measure.of(first.gap.gap)
    sites = how_many(len(first.sites), "site", "sites")
    part = share(held, measure.of(gap.gap))
    return f"{first.label} holds the most: {amount(held, measure)} at {sites}, {part} of the gap."


def moved(groups: Sequence[Group], *, measure: CapacityMeasure) -> str:
    known = [group for group in groups if group.key != OTHERS]
    changes = [(measure.of(group.now.gap) - measure.of(group.gaps[0].gap), group) for group in known]
    if not changes:
        return "There was no gap in this time."
    up, grew = max(changes, key=lambda pair: (pair[0], pair[1].key))
    down, shrank = min(changes, key=lambda pair: (pair[0], pair[1].key))
    sentences = [
        *([f"{grew.label} grew most, by {amount(up, measure)}."] if up > 0 else []),
        *([f"{shrank.label} shrank most, by {amount(-down, measure)}."] if down < 0 else []),
    ]
    return " ".join(sentences) or "No group's gap changed over this time."


def capability(gap: CapabilityGap, growth: float | None) -> str:
    if growth is None:
        return "No base: no accelerators were deployed 180 days ago."
    change = f"changed by {number(100 * growth, 0)} % in 180 days"
    if gap.points is None:
        return (
            f"No base: accelerators {change}, and no figures of qualified people are kept to set beside that."
        )
    return f"Accelerators {change}, {number(gap.points, 0)} points more than qualified people."


def single_check(closing: Closing) -> str:
    if not closing.effects:
        return "No check holds any capacity back."
    best, measure = closing.effects[0], closing.measure
    if not measure.of(best.freed):
        return f"No single check frees a site: the nearest one is held by {least_checks(closing.held)}."
    where = "the 1 site" if len(best.sites) == 1 else f"all {len(best.sites)} sites"
    return (
        f"The single check that frees most is “{check_name(closing.framework, best.check_id)}”: resolved at {where}"
        f" it holds, {amount(measure.of(best.freed), measure)}; it is the last one at {len(best.frees)}."
    )


def first_steps(closing: Closing) -> str:
    if not closing.plan:
        return ""
    steps = min(FIRST_STEPS, len(closing.plan))
    last, measure = closing.plan[steps - 1], closing.measure
    freed = measure.of(last.freed_so_far)
    checks = how_many(last.checks_so_far, "check", "checks")
    part = share(freed, measure.of(closing.capacity))
    if steps == 1:
        first = f"The first site of the plan needs {checks} and frees"
    else:
        first = f"The first {steps} sites of the plan need {checks} and free"
    return f"{first} {amount(freed, measure)}, {part} of what is held."


def at_best(closing: Closing, checks: int) -> str:
    chosen, measure = closing.best_with(checks), closing.measure
    if not chosen:
        least = least_checks(closing.held)
        if not least:
            return ""
        return f"With {checks} resolved no site is free: the nearest one is held by {least}."
    freed = sum(measure.of(site.held) for site in chosen)
    needed = sum(len(site.checks) for site in chosen)
    names = [closing.sites[site.site].name for site in chosen]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    where = ", ".join(names[:NAMED]) + more
    return f"With {checks} resolved, no more than {amount(freed, measure)} can be free: {needed} at {where}."


def beyond(closing: Closing) -> str:
    if not closing.beyond:
        return ""
    held = amount(sum(closing.measure.of(site.held) for site in closing.beyond), closing.measure)
    if len(closing.beyond) == 1:
        return f"1 site with {held} is in no plan: it was never evaluated, or no check applies to prove it."
    return (
        f"{len(closing.beyond)} sites with {held} are in no plan: they were never evaluated, or no check applies to"
        " prove them."
    )


def target(target: ClosingTarget) -> str:
    if target is ClosingTarget.CONDITIONAL:
        return "A site leaves not ready when every BLOCK check that holds it is resolved, and then whole."
    rule = "A site is ready when every BLOCK and COND check that holds it is resolved"
    return f"{rule}, those under an exception as well."
