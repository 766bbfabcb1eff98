"""Sentences that interpret capacity and the gap. All figures in them are computed; none is fixed text."""

from collections.abc import Callable, Mapping, Sequence

from readiness.assessment.scoring.core.closing import ClosingTarget, least_checks
from readiness.assessment.scoring.core.gap import CapacityFigures, CapacityMeasure, Gap
from readiness.assessment.scoring.gap.closing import Closing
from readiness.assessment.scoring.gap.queries import CONDITIONAL, OTHERS, Group, PresentGroup
from readiness.assessment.scoring.queries.capacity import CapacityHistory, Pace, SiteCapacityRow, check_name
from readiness.organisation.people.core.growth import CapabilityGap
from web.units import how_many, number, percent, power

# A smaller monthly difference is rounding, not a trend.
NOTICEABLE_A_MONTH = {CapacityMeasure.POWER: 0.05, CapacityMeasure.ACCELERATORS: 0.5}


def amount(value: float, measure: CapacityMeasure) -> str:
    """Format capacity, such as "153.8 MW"."""
    if measure is CapacityMeasure.POWER:
        return str(power(value))
    return how_many(round(value), "accelerator", "accelerators")


def _sizes(measure: CapacityMeasure) -> Callable[[CapacityFigures], str]:
    return lambda band: amount(measure.of(band), measure)


def readiness_summary(
    gap: Gap, verdicts: Mapping[str, int], *, measure: CapacityMeasure = CapacityMeasure.POWER
) -> str:
    judged = sum(count for verdict, count in verdicts.items() if verdict != "none")
    if not judged:
        return "No site is in commissioning or production, so none has a verdict."
    ready = verdicts.get("ready", 0)
    size = _sizes(measure)
    conditional = f", conditional {size(gap.conditional)}" if measure.of(gap.conditional) > 0 else ""
    return (
        f"{ready} of {judged} sites {'is' if ready == 1 else 'are'} ready. Deployed {size(gap.deployed)}:"
        f" ready {size(gap.ready)}{conditional}, not ready {size(gap.not_ready)}."
    )


def pace(pace: Pace | None, gap: Gap, *, measure: CapacityMeasure = CapacityMeasure.POWER) -> str:
    if pace is None:
        return ""
    widening = pace.deployed_a_month - pace.ready_a_month
    by = f"by {amount(abs(widening), measure)} a month"
    if widening > NOTICEABLE_A_MONTH[measure]:
        return f"Over {pace.weeks} weeks deployment outran readiness {by}."
    if widening < -NOTICEABLE_A_MONTH[measure]:
        caught_up = f"Over {pace.weeks} weeks readiness caught up {by}"
        if not measure.of(gap.gap):
            return f"{caught_up}; no gap is left."
        months = max(round(measure.of(gap.gap) / -widening), 1)
        return f"{caught_up}; at this pace the gap closes in {how_many(months, 'month', 'months')}."
    return f"Over {pace.weeks} weeks the gap stayed as it is."


def ahead(history: CapacityHistory) -> str:
    if history.projection is None:
        return history.no_projection
    return f"Projection: {history.projection.method}"


def history_finding(history: CapacityHistory, *, measure: CapacityMeasure = CapacityMeasure.POWER) -> str:
    first, last = history.gaps[0], history.gaps[-1]
    size = _sizes(measure)
    return (
        f"Deployed went from {size(first.deployed)} to {size(last.deployed)}, ready from {size(first.ready)} to"
        f" {size(last.ready)}; the gap is {size(last.gap)}."
    )


def largest_gap(rows: tuple[SiteCapacityRow, ...]) -> str:
    open_rows = [row for row in rows if row.deployed.it_kw > row.ready.it_kw]
    if not open_rows:
        return "All deployed capacity is ready."
    widest = max(open_rows, key=lambda row: row.deployed.it_kw - row.ready.it_kw)
    gap, deployed = power(widest.deployed.it_kw - widest.ready.it_kw), power(widest.deployed.it_kw)
    return f"{widest.site.name} holds the largest gap: {gap} of {deployed} deployed."


FIRST_STEPS = 5
NAMED = 4


def share(part: float, whole: float) -> str:
    """`42 %`; all of it is 100 %, and nothing less is."""
    if part < whole and part / whole >= 0.995:
        return "over 99 %"
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
    capacity = measure.of(first.gap.gap)
    sites = how_many(len(first.sites), "site", "sites")
    part = share(capacity, measure.of(gap.gap))
    return f"The largest part of the gap is “{first.label}”: {amount(capacity, measure)} at {sites}, {part} of the gap."


def smaller(groups: Sequence[PresentGroup], *, measure: CapacityMeasure) -> str:
    if not groups:
        return ""
    capacity = sum(measure.of(group.gap.gap) for group in groups)
    return f"{how_many(len(groups), 'smaller group', 'smaller groups')}: {amount(capacity, measure)}"


def moved(groups: Sequence[Group], *, measure: CapacityMeasure) -> str:
    named_groups = [group for group in groups if group.key != OTHERS]
    changes = [(measure.of(group.now.gap) - measure.of(group.gaps[0].gap), group) for group in named_groups]
    if not changes:
        return "There was no gap in this time."
    up, grew = max(changes, key=lambda pair: (pair[0], pair[1].key))
    down, shrank = min(changes, key=lambda pair: (pair[0], pair[1].key))
    sentences = [
        *([f"{grew.label} grew most, by {amount(up, measure)}."] if up > 0 else []),
        *([f"{shrank.label} shrank most, by {amount(-down, measure)}."] if down < 0 else []),
    ]
    return " ".join(sentences) or "No group's gap changed over this time."


def capability(gap: CapabilityGap | None) -> str:
    if gap is None:
        return "Staff growth gap: not recorded. Nothing is known of the people who run these sites."
    if gap.points is None:
        return f"Staff growth gap: unknown. {gap.reason}"
    figures = gap.growth
    what = "Accelerators" if figures.accelerators_then else "Power"
    return (
        f"Staff growth gap: {growth_points(gap.points)}. {what} changed by {_percent(gap.capacity_growth)} in 180"
        f" days, qualified people by {_percent(gap.people_growth)}, from {figures.qualified_then} to"
        f" {figures.qualified_now}."
    )


def _percent(share: float | None) -> str:
    return "an unknown share" if share is None else growth(100 * share)


def growth_points(points: float) -> str:
    return f"{_one_decimal(points)} points"


def growth(value: float) -> str:
    return f"{_one_decimal(value)} %"


def _one_decimal(value: float) -> str:
    """Round growth to one decimal, so that a difference agrees with the two figures as they are shown."""
    return number(value, 1).replace("-", "−")


def staff_growth_gap(gap: CapabilityGap | None) -> str:
    """Format the figure for a card."""
    if gap is None:
        return "not recorded"
    return "unknown" if gap.points is None else growth_points(gap.points)


def single_check(closing: Closing) -> str:
    if not closing.effects:
        return "No check holds any capacity back."
    best, measure = closing.effects[0], closing.measure
    if not measure.of(best.freed):
        return f"No check frees a site on its own: the nearest site needs {least_checks(closing.held_sites)} checks."
    where = "the 1 site" if len(best.sites) == 1 else f"all {len(best.sites)} sites"
    return (
        f"The single check that frees most is “{check_name(closing.framework, best.check_id)}”. Resolved at {where}"
        f" it holds back, it frees {amount(measure.of(best.freed), measure)} at the"
        f" {how_many(len(best.frees), 'site', 'sites')} where no other check is left."
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
    return f"{first} {amount(freed, measure)}, {part} of what is held back."


def best_outcome(closing: Closing, checks: int) -> str:
    freed_sites, measure = closing.best_with(checks), closing.measure
    if not freed_sites:
        least = least_checks(closing.held_sites)
        if not least:
            return ""
        return (
            f"Resolving {how_many(checks, 'check', 'checks')} frees no site: the nearest one needs {least}."
        )
    freed = sum(measure.of(site.capacity) for site in freed_sites)
    needed = sum(len(site.checks) for site in freed_sites)
    names = [closing.sites[site.site].name for site in freed_sites]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    where = ", ".join(names[:NAMED]) + more
    chance = f"Resolving {how_many(checks, 'check', 'checks')} frees at most {amount(freed, measure)}"
    return f"{chance}: {needed} of them at {where}."


def beyond(closing: Closing) -> str:
    if not closing.beyond:
        return ""
    capacity = amount(sum(closing.measure.of(site.capacity) for site in closing.beyond), closing.measure)
    if len(closing.beyond) == 1:
        return (
            f"1 site with {capacity} is in no plan: it was never evaluated, or no check applies to prove it."
        )
    return (
        f"{len(closing.beyond)} sites with {capacity} are in no plan: they were never evaluated, or no check applies to"
        " prove them."
    )


def target(target: ClosingTarget) -> str:
    if target is ClosingTarget.CONDITIONAL:
        return "A site is no longer Not ready once every BLOCK check that holds it back is resolved, and not before."
    rule = "A site is Ready once every BLOCK and COND check that holds it back is resolved"
    return f"{rule}, including those under an exception."
