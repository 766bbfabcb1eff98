"""Sentences that say what the figures mean, computed from them each time. No figure is fixed text."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from inventory.models import DomainChoices
from readiness.boards.queries.samples import SeriesPanel
from readiness.scoring.core.gap import CapacityFigures, CapacityMeasure, Gap
from readiness.scoring.core.states import Tier
from readiness.scoring.queries.capacity import CapacityHistory, Pace, SiteCapacityRow
from readiness.scoring.queries.rows import CheckRow, SiteRow
from telemetry import naming
from web.states import state
from web.units import duration, how_many, instant, number, power, power_unit

# Below this a monthly difference is rounding, not a trend.
NOTICEABLE_A_MONTH = {CapacityMeasure.POWER: 0.05, CapacityMeasure.ACCELERATORS: 0.5}


def kw(value: float, unit: str = "") -> str:
    """A power as text, "153.8 MW"; `unit` keeps several figures of one sentence in the same unit."""
    return str(power(value, unit))


def amount(value: float, measure: CapacityMeasure, unit: str = "") -> str:
    if measure is CapacityMeasure.POWER:
        return kw(value, unit)
    return how_many(round(value), "accelerator", "accelerators")


def standing(
    gap: Gap, verdicts: Mapping[str, int], *, measure: CapacityMeasure = CapacityMeasure.POWER
) -> str:
    judged = sum(count for verdict, count in verdicts.items() if verdict != "none")
    if not judged:
        return "No site is in commissioning or production, so none has a verdict."
    ready = verdicts.get("ready", 0)
    unit = power_unit(gap.deployed.it_kw)

    def size(band: CapacityFigures) -> str:
        return amount(measure.of(band), measure, unit)

    sentence = (
        f"{ready} of {judged} sites {'is' if ready == 1 else 'are'} ready; {size(gap.gap)} of {size(gap.deployed)}"
        " deployed can’t take production load."
    )
    if measure.of(gap.conditional) > 0:
        sentence += f" {size(gap.conditional)} of it may run under conditions."
    return sentence


def pace(pace: Pace | None, gap: Gap, *, measure: CapacityMeasure = CapacityMeasure.POWER) -> str:
    if pace is None:
        return ""
    widening = pace.deployed_a_month - pace.ready_a_month
    by = f"by {amount(abs(widening), measure)} a month"
    if widening > NOTICEABLE_A_MONTH[measure]:
        return f"Over {pace.weeks} weeks deployment outran readiness {by}."
    if widening < -NOTICEABLE_A_MONTH[measure]:
        months = max(measure.of(gap.gap) / -widening, 1)
        return f"Over {pace.weeks} weeks readiness caught up {by}; at this pace the gap closes in {months:.0f} months."
    return f"Over {pace.weeks} weeks the gap stayed as it is."


def ahead(history: CapacityHistory) -> str:
    if history.projection is None:
        return history.no_projection
    return f"Projection: {history.projection.method}"


def over_time(history: CapacityHistory, *, measure: CapacityMeasure = CapacityMeasure.POWER) -> str:
    first, last = history.gaps[0], history.gaps[-1]
    unit = power_unit(max(last.deployed.it_kw, first.deployed.it_kw))

    def size(band: CapacityFigures) -> str:
        return amount(measure.of(band), measure, unit)

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


def _in_sentence(row: CheckRow) -> str:
    if row.tier == Tier.CAPPED:
        return str(state("tier", row.tier).word).lower()
    return "failing" if row.state == "fail" else str(state("check", row.state).word).lower()


def weakest_pillar(row: SiteRow) -> str:
    if row.weakest is None or row.weakest.score is None:
        return "No pillar has a score yet."
    return f"{row.weakest.name} is the weakest pillar at {100 * row.weakest.score:.0f} of 100."


def last_values(panels: Sequence[SeriesPanel]) -> str:
    listed = []
    for panel in panels:
        known = [value for line in panel.lines for value in line.values[-1:] if value is not None]
        if known:
            listed.append(f"{panel.title}: {number(known[0])} {panel.unit}".strip())
    return "; ".join(listed)


def drawn_from(panels: Sequence[SeriesPanel]) -> str:
    drawn = [panel for panel in panels if any(line.values for line in panel.lines)]
    parts = [f"one point each {duration(max(panel.step_s for panel in drawn))}"]
    parts += sorted({str(state("provenance", panel.provenance).word) for panel in drawn if panel.provenance})
    parts += [words] if (words := naming.left_out(sum(panel.left_out for panel in drawn))) else []
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
