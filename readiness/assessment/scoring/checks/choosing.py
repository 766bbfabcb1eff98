"""Choose the deciding reading of a sub-measure among those of telemetry, validation runs, recorded facts and
attestations. Telemetry takes precedence. Entered evidence replaces it only if telemetry never had a reading, or if its
reading is stale and the evidence is younger: otherwise falling silent would restore what telemetry had contradicted.
Muster's own records always take precedence, even stale ones: an expired envelope is confirmed where it is declared.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from readiness.assessment.evidence.core.bearing import is_own
from readiness.assessment.evidence.core.figures import SpanFigure
from readiness.assessment.evidence.core.limits import Limit
from readiness.assessment.evidence.core.proving.values import Proof
from readiness.assessment.framework.core.conditions import SiteContext
from readiness.assessment.framework.core.definition import Framework, SubMeasure, gate_for, part_gate
from readiness.assessment.scoring.core.combine import SEVERITY
from readiness.assessment.scoring.core.judge import JudgedState, Reading, judge_without_gate
from readiness.assessment.scoring.core.states import CheckState, Gate, Provenance


def worst_reading(
    part: SubMeasure, readings: Iterable[Reading], *, now: datetime, limit: Limit | None = None
) -> Reading | None:
    """The reading with the worst state; among equals a capped one, so that the verdict considers it; then the one
    nearest to its limit, or furthest outside. A missing reading of one object must be included as one that cannot be
    judged, so that unknown values are not passed over.
    """
    candidates = list(readings)
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    return min(
        candidates, key=lambda reading: _rank(judge_without_gate(part, reading, now, reading.limit or limit))
    )


def _rank(result: JudgedState) -> tuple[int, bool, float]:
    margin = result.margin if result.margin is not None else 0.0
    scale = abs(result.threshold) if result.threshold else 1.0
    return -SEVERITY[result.state], not result.capped, margin / scale


type Readings = dict[str, Reading | None]
"""The readings of one check, by sub-measure; None if unknown."""
type PartKey = tuple[str, str]
"""(check id, sub-measure id)."""

_PROVENANCES = {provenance.value: provenance for provenance in Provenance}


def proved_readings(
    proofs: Mapping[PartKey, Sequence[Proof]],
    limits: Mapping[str, Limit],
    framework: Framework,
    context: SiteContext,
    now: datetime,
) -> dict[PartKey, Reading]:
    """The deciding reading of each sub-measure among its proofs."""
    readings = {}
    for key, each in proofs.items():
        part = framework.parts_by_key[key]
        limit = limits.get(part.limit_from or "")
        proved = worst_reading(part, map(reading_of, each), now=now, limit=limit)
        if proved is None:
            continue
        if proved.unconfirmed and (earlier := each[0].earlier) is not None:
            gate = part_gate(part, gate_for(framework.checks_by_id[key[0]], context))
            proved = _confirmed_first(part, proved, reading_of(earlier), gate, limit, now)
        readings[key] = proved
    return readings


def add_evidence(
    measured: Mapping[PartKey, Reading],
    proved: Mapping[PartKey, Reading],
    limits: Mapping[str, Limit],
    framework: Framework,
    now: datetime,
) -> dict[PartKey, Reading]:
    readings = {**proved, **measured}
    for key in proved.keys() & measured.keys():
        mine, proof = measured[key], proved[key]
        part = framework.parts_by_key[key]
        if is_own(key[0], mine.evidence) or proof.taken_at <= mine.taken_at:
            continue
        limit = mine.limit or limits.get(part.limit_from or "")
        if judge_without_gate(part, mine, now, limit).state is CheckState.STALE:
            readings[key] = proof
    return readings


def _confirmed_first(
    part: SubMeasure, newer: Reading, confirmed: Reading, gate: Gate, limit: Limit | None, now: datetime
) -> Reading:
    """Where the check blocks, an attestation that renews a passing one lowers nothing while it waits."""
    both = (judge_without_gate(part, reading, now, limit).state for reading in (newer, confirmed))
    renews = gate is Gate.BLOCK and all(state is CheckState.PASS for state in both)
    return confirmed if renews else newer


NAMED = "named by the sender"


def _detail(proof: Proof) -> str:
    """Say beside the subject that only the sender names it; what a coverage lacks is no such subject."""
    if not proof.sender_named or proof.detail.startswith("without: "):
        return proof.detail
    return f"{proof.detail}, {NAMED}" if proof.detail else NAMED


def reading_of(proof: Proof) -> Reading:
    return Reading(
        value=proof.value,
        taken_at=proof.taken_at,
        provenance=_PROVENANCES[proof.provenance],
        evidence=proof.ref,
        detail=_detail(proof),
        limit=None if proof.floor is None else _limit(proof.floor, proof.floor_source),
        failed=proof.failed,
        declaration=proof.declaration,
        unconfirmed=proof.unconfirmed,
        cannot_judge=proof.cannot_judge,
        voided=proof.voided,
        voided_at=proof.voided_at,
    )


# Few floors of platforms are shared by hundreds of proofs of a site.
@lru_cache(maxsize=10_000)
def _limit(floor: float, source: str) -> Limit:
    return Limit(value=floor, source=source)


def reading_of_span(figure: SpanFigure, detail: str, **other_columns: Any) -> Reading:
    return Reading(
        value=figure.value,
        taken_at=figure.taken_at,
        provenance=_PROVENANCES[figure.provenance],
        evidence=f"measure:{figure.key}/{figure.part}",
        detail=detail,
        **other_columns,
    )
