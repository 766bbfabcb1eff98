"""p2-power-headroom: the site's peak, its circuits, the legs of dual-fed racks, and its steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from readiness.evidence.core.load import WORDS, MeteringLevel
from readiness.evidence.measures import CIRCUIT_LOAD, SITE_LOAD, STEP_1S, STEP_10S
from readiness.evidence.queries import SpanFigure
from readiness.framework.core.definition import Check
from readiness.scoring.checks.choosing import worst_reading
from readiness.scoring.core.judge import Reading
from readiness.scoring.core.states import Provenance
from readiness.scoring.facts import CircuitFact, EvaluationFacts


def readings(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    legs = [circuit for circuit in facts.circuits if circuit.dual_fed]
    by_part = {
        "site-load": _of_site(facts.peaks, SITE_LOAD.key),
        "circuit-load": worst_reading(
            check.part("circuit-load"), _of_circuits(facts, facts.circuits, now), now=now
        ),
        "leg-load": worst_reading(check.part("leg-load"), _of_circuits(facts, legs, now), now=now),
        "step-1s": _of_site(facts.peaks, STEP_1S.key),
        "step-10s": _of_site(facts.peaks, STEP_10S.key),
    }
    return {part_id: reading for part_id, reading in by_part.items() if reading is not None}


def _of_site(peaks: Sequence[SpanFigure], key: str) -> Reading | None:
    """The outermost meter level of the newest day; where no level was ever complete, the reason why."""
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
    return Reading(
        value=figure.value,
        taken_at=figure.taken_at,
        provenance=_provenance(figure, level),
        evidence=f"measure:{key}/{figure.part}",
        detail=detail,
    )


def _cannot_tell(figures: Sequence[SpanFigure]) -> Reading | None:
    if not figures:
        return None
    newest = max(figures, key=lambda figure: figure.taken_at)
    return Reading(value=None, taken_at=newest.taken_at, cannot_judge=newest.detail)


def _provenance(figure: SpanFigure, level: MeteringLevel) -> Provenance:
    """The load of racks stands in for the site's: an estimate, unless it is simulated anyway."""
    provenance = Provenance(figure.provenance)
    if level.sees_everything or provenance is not Provenance.MEASURED:
        return provenance
    return Provenance.ESTIMATED


def _of_circuits(facts: EvaluationFacts, circuits: Sequence[CircuitFact], now: datetime) -> Iterator[Reading]:
    """The highest continuous load today and yesterday of each circuit; one that nothing measures is
    unknown."""
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
        yield Reading(
            value=figure.value,
            taken_at=figure.taken_at,
            provenance=Provenance(figure.provenance),
            evidence=f"measure:{figure.key}/{figure.part}",
            detail=f"{circuit.name} {figure.detail}".strip(),
        )
