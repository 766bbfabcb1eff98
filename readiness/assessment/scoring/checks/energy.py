"""p2-power-headroom: the site's peak, its circuits, the legs of dual-fed racks, and its steps; p2-backup-power: the
battery, the output, the last test and the load of every UPS in service; p2-cooling-headroom: p99 over seven days of
each inlet sensor and liquid loop, and the loops' flow alarms."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from inventory.models import Device
from readiness.assessment.evidence.core.figures import SpanFigure
from readiness.assessment.evidence.core.load import WORDS, MeteringLevel
from readiness.assessment.evidence.core.proving.values import few
from readiness.assessment.evidence.measures import (
    CIRCUIT_LOAD,
    FLOW_ALARM_METRICS,
    INLET,
    SITE_LOAD,
    STEP_1S,
    STEP_10S,
    SUPPLY,
)
from readiness.assessment.framework.core.definition import Check, SubMeasure
from readiness.assessment.scoring.checks.choosing import Readings, reading_of_span, worst_reading
from readiness.assessment.scoring.core.judge import Reading
from readiness.assessment.scoring.core.states import Provenance
from readiness.assessment.scoring.facts import CircuitFact, EvaluationFacts


def power_readings(facts: EvaluationFacts, check: Check, now: datetime) -> Readings:
    legs = [circuit for circuit in facts.circuits if circuit.dual_fed]
    return {
        "site-load": _site_peak(facts.peaks, SITE_LOAD.key),
        "circuit-load": worst_reading(
            check.part("circuit-load"), _circuit_loads(facts, facts.circuits, now), now=now
        ),
        "leg-load": worst_reading(check.part("leg-load"), _circuit_loads(facts, legs, now), now=now),
        "step-1s": _site_peak(facts.peaks, STEP_1S.key),
        "step-10s": _site_peak(facts.peaks, STEP_10S.key),
    }


def _site_peak(peaks: Sequence[SpanFigure], key: str) -> Reading | None:
    """The outermost meter level of the newest day; if no level was complete, the reason."""
    figures = [figure for figure in peaks if figure.key == key]
    complete = [figure for figure in figures if figure.value is not None and figure.part]
    if not complete:
        return _cannot_tell(figures)
    newest_at = max(figure.taken_at for figure in complete)
    recent = [figure for figure in complete if figure.taken_at > newest_at - timedelta(days=1)]
    figure = min(recent, key=lambda peak: list(MeteringLevel).index(MeteringLevel(peak.part)))
    level = MeteringLevel(figure.part)
    detail = f"at the {WORDS[level]}"
    if not level.sees_everything:
        detail = f"sum over {WORDS[level]}s, cooling and losses not included"
    return reading_of_span(figure, detail)._replace(provenance=_provenance(figure, level))


def _cannot_tell(figures: Sequence[SpanFigure]) -> Reading | None:
    if not figures:
        return None
    newest = max(figures, key=lambda figure: figure.taken_at)
    return Reading(value=None, taken_at=newest.taken_at, cannot_judge=newest.detail)


def _provenance(figure: SpanFigure, level: MeteringLevel) -> Provenance:
    """The load of racks stands for the site's load, which makes it an estimate unless it is simulated."""
    provenance = Provenance(figure.provenance)
    if level.sees_everything or provenance is not Provenance.MEASURED:
        return provenance
    return Provenance.ESTIMATED


def _circuit_loads(
    facts: EvaluationFacts, circuits: Sequence[CircuitFact], now: datetime
) -> Iterator[Reading]:
    figures = {figure.part: figure for figure in facts.recent_peaks if figure.key == CIRCUIT_LOAD.key}
    for circuit in circuits:
        figure = figures.get(circuit.name)
        if figure is None:
            unmetered = sum(each.name not in figures for each in circuits)
            yield Reading(
                value=None,
                taken_at=now,
                detail=circuit.name,
                cannot_judge=f"{unmetered} of {len(circuits)} circuits have no load reading, {circuit.name} first.",
            )
            continue
        yield reading_of_span(figure, f"{circuit.name} {figure.detail}".strip())


BACKUP_PARTS = (
    *("battery-status", "output-source", "battery-test", "minutes-with-generator"),
    *("minutes-without-generator", "output-load"),
)


def backup_readings(facts: EvaluationFacts, check: Check, now: datetime) -> Readings:
    """The worst UPS of each sub-measure. No metric gives the date of the last battery test, so the date of its result
    is used."""
    by_part = {}
    for part_id in BACKUP_PARTS:
        part = check.part(part_id)
        limit = facts.limits.get(part.limit_from) if part.limit_from else None
        by_part[part_id] = worst_reading(part, _ups_readings(facts, part, now), now=now, limit=limit)
    return by_part


def _ups_readings(facts: EvaluationFacts, part: SubMeasure, now: datetime) -> Iterator[Reading]:
    """Nothing until any UPS sends the metric; from then on, a UPS that does not send it is unknown."""
    samples = {
        sample.device_id: sample for metric in part.metrics for sample in facts.latest_of_day.get(metric, ())
    }
    units = list(facts.things_in_service(kind="device", role=Device.Role.UPS))
    if not any(unit.key[1] in samples for unit in units):
        return
    for unit in units:
        sample = samples.get(unit.key[1])
        if sample is None:
            yield Reading(
                value=None,
                taken_at=now,
                detail=unit.name,
                cannot_judge=f"{unit.name} has sent no {part.name.lower()} for 24 h.",
            )
            continue
        yield Reading(
            value=sample.value,
            taken_at=sample.ts,
            provenance=Provenance(sample.provenance),
            evidence=f"series:{sample.series_id}",
            detail=unit.name,
        )


def cooling_readings(facts: EvaluationFacts, check: Check, now: datetime) -> Readings:
    sensors = [reading_of_span(figure, figure.part) for figure in facts.quantiles if figure.key == INLET.key]
    return {
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


def _loops(facts: EvaluationFacts, now: datetime) -> Iterator[Reading]:
    """Every liquid loop in the inventory; a loop without a supply temperature is unknown. Without any figure there is
    no reading."""
    figures = {figure.part: figure for figure in facts.quantiles if figure.key == SUPPLY.key}
    if not figures:
        return
    for name in facts.loops.values():
        if name in figures:
            yield reading_of_span(figures[name], name)
        else:
            yield Reading(
                value=None, taken_at=now, detail=name, cannot_judge=f"{name} sends no supply temperature."
            )


def _flow_alarms(facts: EvaluationFacts, now: datetime) -> Reading | None:
    """Number of loops with an alarm. If a loop sends no alarm metric, the number is unknown."""
    samples = {
        sample.cooling_unit_id: sample
        for metric in FLOW_ALARM_METRICS
        for sample in facts.latest_of_day.get(metric, ())
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
        detail=few(sorted(facts.loops[sample.cooling_unit_id or 0] for sample in raised)),
        cannot_judge=f"{few(unheard)} sends no flow alarm." if unheard and not raised else "",
    )
