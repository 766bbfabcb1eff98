"""Sentences that interpret the figures. All figures in them are computed; none is fixed text."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from inventory.models import DomainChoices
from readiness.assessment.evidence.core.proving.values import few
from readiness.assessment.evidence.models import Attestation
from readiness.assessment.scoring.core.closing import ClosingTarget, least_checks
from readiness.assessment.scoring.core.gap import CapacityFigures, CapacityMeasure, Gap
from readiness.assessment.scoring.core.states import ReasonCode, Tier
from readiness.assessment.scoring.gap.closing import Closing
from readiness.assessment.scoring.gap.queries import CONDITIONAL, OTHERS, Group, PresentGroup
from readiness.assessment.scoring.queries.capacity import CapacityHistory, Pace, SiteCapacityRow, check_name
from readiness.assessment.scoring.queries.rows import CheckRow
from readiness.boards.queries.samples import SeriesPanel
from readiness.organisation.people.core.growth import CapabilityGap
from telemetry import sentences
from web.states import state
from web.units import duration, how_many, instant, number, percent, power, power_unit
from web.visibility import name_of

# A smaller monthly difference is rounding, not a trend.
NOTICEABLE_A_MONTH = {CapacityMeasure.POWER: 0.05, CapacityMeasure.ACCELERATORS: 0.5}


def kw(value: float, unit: str = "") -> str:
    """Format a power, such as "153.8 MW"; `unit` keeps several figures of one sentence in the same unit."""
    return str(power(value, unit))


def amount(value: float, measure: CapacityMeasure, unit: str = "") -> str:
    if measure is CapacityMeasure.POWER:
        return kw(value, unit)
    return how_many(round(value), "accelerator", "accelerators")


def _sizes(measure: CapacityMeasure, largest_kw: float) -> Callable[[CapacityFigures], str]:
    unit = power_unit(largest_kw)
    return lambda band: amount(measure.of(band), measure, unit)


def standing(
    gap: Gap, verdicts: Mapping[str, int], *, measure: CapacityMeasure = CapacityMeasure.POWER
) -> str:
    judged = sum(count for verdict, count in verdicts.items() if verdict != "none")
    if not judged:
        return "No site is in commissioning or production, so none has a verdict."
    ready = verdicts.get("ready", 0)
    size = _sizes(measure, gap.deployed.it_kw)
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


def over_time(history: CapacityHistory, *, measure: CapacityMeasure = CapacityMeasure.POWER) -> str:
    first, last = history.gaps[0], history.gaps[-1]
    size = _sizes(measure, max(last.deployed.it_kw, first.deployed.it_kw))
    return (
        f"Deployed went from {size(first.deployed)} to {size(last.deployed)}, ready from {size(first.ready)} to"
        f" {size(last.ready)}; the gap is {size(last.gap)}."
    )


def largest_gap(rows: tuple[SiteCapacityRow, ...]) -> str:
    open_rows = [row for row in rows if row.deployed.it_kw > row.ready.it_kw]
    if not open_rows:
        return "All deployed capacity is ready."
    widest = max(open_rows, key=lambda row: row.deployed.it_kw - row.ready.it_kw)
    gap, deployed = kw(widest.deployed.it_kw - widest.ready.it_kw), kw(widest.deployed.it_kw)
    return f"{widest.site.name} holds the largest gap: {gap} of {deployed} deployed."


NO_VERDICT = {
    "planned": "Planned sites have no verdict and no capacity: nothing is commissioned here yet.",
    "building": "Sites under construction have no verdict and no capacity until commissioning begins.",
    "retired": "Retired sites have no verdict.",
}


def no_verdict(stage: str) -> str:
    return NO_VERDICT.get(stage, "Not evaluated yet: the next evaluation gives the first verdict.")


def capacity_of(verdict: str, deployed_kw: float) -> str:
    """Say how much of the deployed capacity is ready; "" without a verdict."""
    if verdict and not deployed_kw:
        return "Nothing is deployed here"
    match verdict:
        case "ready":
            return f"All {kw(deployed_kw)} are ready"
        case "conditional":
            return f"All {kw(deployed_kw)} are conditional"
        case "not-ready":
            return f"None of the {kw(deployed_kw)} is ready"
    return ""


def held_by(deciding: Sequence[CheckRow]) -> str:
    if not deciding:
        return "Every check that decides is met, within its warning band, or not applicable."
    states = Counter(map(_in_sentence, deciding)).most_common()
    if len(deciding) == 1:
        return f"1 check holds it back, and it is {states[0][0]}."
    if len(states) == 1:
        return f"{len(deciding)} checks hold it back, all of them {states[0][0]}."
    *first, last = [f"{checks} {word}" for word, checks in states]
    return f"{len(deciding)} checks hold it back: {', '.join(first)} and {last}."


def on_declarations(capped: int, measurable: int, *, sites: int = 0) -> str:
    if not measurable:
        return ""
    asked = f"{number(measurable)} blocking checks that ask for a measurement"
    if not capped:
        if measurable == 1:
            return "The 1 blocking check that asks for a measurement does not rest on a declaration."
        return f"None of the {asked} rests on a declaration."
    rest = "rests on a declaration" if capped == 1 else "rest on declarations"
    where = f", at {how_many(sites, 'site', 'sites')}" if sites else ""
    return f"{number(capped)} of {asked} {rest}{where}."


def unconfirmed(attestations: Sequence[Attestation]) -> str:
    if not attestations:
        return ""
    waits = "attestation waits" if len(attestations) == 1 else "attestations wait"
    names = dict.fromkeys(map(waits_for, attestations))
    return f"{len(attestations)} {waits} to be confirmed by {few(list(names))}: declared only until then."


def waits_for(attestation: Attestation) -> str:
    return name_of(attestation.attester) or "a second person"


def _in_sentence(row: CheckRow) -> str:
    if row.code == ReasonCode.UNCONFIRMED:
        return "not confirmed"
    if row.tier == Tier.CAPPED:
        return str(state("tier", row.tier).word).lower()
    return "failing" if row.state == "fail" else str(state("check", row.state).word).lower()


def last_values(panels: Sequence[SeriesPanel]) -> str:
    listed = []
    for panel in panels:
        known = [value for line in panel.lines for value in line.values[-1:] if value is not None]
        if known:
            listed.append(f"{panel.title}: {number(known[0])} {panel.unit}".strip())
    return "; ".join(listed)


def drawn_from(panels: Sequence[SeriesPanel]) -> str:
    drawn = [panel for panel in panels if any(line.values for line in panel.lines)]
    parts = [f"one point every {duration(max(panel.step_s for panel in drawn))}"]
    parts += sorted({str(state("provenance", panel.provenance).word) for panel in drawn if panel.provenance})
    parts += [words] if (words := sentences.left_out(sum(panel.left_out for panel in drawn))) else []
    missing = [panel.title for panel in panels if panel not in drawn]
    domains = {panel.domain for panel in panels}
    if len(domains) > 1:
        missing += [str(label) for domain, label in DomainChoices.choices if domain not in domains]
    if missing:
        parts.append(f"no samples: {', '.join(missing)}")
    return " · ".join(parts)


def last_sample(panels: Sequence[SeriesPanel]) -> str:
    newest = max(line.instants_ms[-1] for panel in panels for line in panel.lines if line.instants_ms)
    return f"last point {instant(datetime.fromtimestamp(newest / 1000, tz=UTC))}"


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
    return f"The largest part of the gap is “{first.label}”: {amount(held, measure)} at {sites}, {part} of the gap."


def smaller(groups: Sequence[PresentGroup], *, measure: CapacityMeasure) -> str:
    if not groups:
        return ""
    held = sum(measure.of(group.gap.gap) for group in groups)
    return f"{how_many(len(groups), 'smaller group', 'smaller groups')}: {amount(held, measure)}"


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


def capability(gap: CapabilityGap | None) -> str:
    if gap is None:
        return "Staff growth gap: not recorded. Nothing is known of the people who run these sites."
    if gap.points is None:
        return f"Staff growth gap: unknown. {gap.reason}"
    known = gap.known
    what = "Accelerators" if known.accelerators_then else "Power"
    return (
        f"Staff growth gap: {growth_points(gap.points)}. {what} changed by {_percent(gap.capacity_growth)} in 180"
        f" days, qualified people by {_percent(gap.people_growth)}, from {known.qualified_then} to"
        f" {known.qualified_now}."
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
        return (
            f"No check frees a site on its own: the nearest site needs {least_checks(closing.held)} checks."
        )
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


def at_best(closing: Closing, checks: int) -> str:
    chosen, measure = closing.best_with(checks), closing.measure
    if not chosen:
        least = least_checks(closing.held)
        if not least:
            return ""
        return (
            f"Resolving {how_many(checks, 'check', 'checks')} frees no site: the nearest one needs {least}."
        )
    freed = sum(measure.of(site.held) for site in chosen)
    needed = sum(len(site.checks) for site in chosen)
    names = [closing.sites[site.site].name for site in chosen]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    where = ", ".join(names[:NAMED]) + more
    chance = f"Resolving {how_many(checks, 'check', 'checks')} frees at most {amount(freed, measure)}"
    return f"{chance}: {needed} of them at {where}."


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
        return "A site is no longer Not ready once every BLOCK check that holds it back is resolved, and not before."
    rule = "A site is Ready once every BLOCK and COND check that holds it back is resolved"
    return f"{rule}, including those under an exception."
