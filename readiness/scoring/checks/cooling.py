"""p2-cooling-headroom: p99 over seven days of each inlet sensor and liquid loop, and the loops' flow
alarms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from readiness.evidence.measures import FLOW_ALARM_METRICS, INLET, SUPPLY
from readiness.evidence.queries import SpanFigure
from readiness.framework.core.definition import Check
from readiness.scoring.checks.choosing import named, worst_reading
from readiness.scoring.core.judge import Reading
from readiness.scoring.core.states import Provenance
from readiness.scoring.facts import EvaluationFacts


def readings(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    sensors = [_reading(figure) for figure in facts.quantiles if figure.key == INLET.key]
    by_part = {
        "inlet-p99": worst_reading(
            check.part("inlet-p99"), sensors, now=now, limit=facts.limits.get("cooling-class")
        ),
        "supply-p99": worst_reading(
            check.part("supply-p99"),
            _loops(facts, now),
            now=now,
            limit=facts.limits.get("supply-temperature"),
        ),
        "flow-alarms": _flow_alarms(facts, now),
    }
    return {part_id: reading for part_id, reading in by_part.items() if reading is not None}


def _loops(facts: EvaluationFacts, now: datetime) -> Iterator[Reading]:
    """Every liquid loop in inventory; one that sends no supply temperature is unknown. Without any
    figure there is no reading."""
    figures = {figure.part: figure for figure in facts.quantiles if figure.key == SUPPLY.key}
    if not figures:
        return
    for name in facts.loops.values():
        if name in figures:
            yield _reading(figures[name])
        else:
            yield Reading(
                value=None, taken_at=now, detail=name, cannot_judge=f"{name} sends no supply temperature."
            )


def _reading(figure: SpanFigure) -> Reading:
    return Reading(
        value=figure.value,
        taken_at=figure.taken_at,
        provenance=Provenance(figure.provenance),
        evidence=f"measure:{figure.key}/{figure.part}",
        detail=figure.part,
    )


def _flow_alarms(facts: EvaluationFacts, now: datetime) -> Reading | None:
    """How many loops raise an alarm. A loop that sends none is not covered, and the count cannot be given."""
    samples = {
        sample.cooling_unit_id: sample
        for metric in FLOW_ALARM_METRICS
        for sample in facts.held.get(metric, ())
        if sample.cooling_unit_id in facts.loops
    }
    if not samples:
        return None
    raised = [sample for sample in samples.values() if sample.value > 0]
    unheard = [name for loop_id, name in facts.loops.items() if loop_id not in samples]
    oldest = min(samples.values(), key=lambda sample: sample.ts)
    return Reading(
        value=float(len(raised)),
        taken_at=oldest.ts,
        provenance=Provenance(oldest.provenance),
        evidence=f"series:{(raised or [oldest])[0].series_id}",
        detail=named(sorted(facts.loops[sample.cooling_unit_id or 0] for sample in raised)),
        cannot_judge=f"No flow alarm is sent by {named(unheard)}." if unheard and not raised else "",
    )
