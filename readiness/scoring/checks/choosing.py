"""Readings that validation runs, recorded facts and attestations give, beside those worked out of telemetry, and the
one that decides among several of one sub-measure.

Telemetry goes first. What people enter takes its place only where telemetry never had a say, or where it went stale and
the evidence is younger: otherwise falling silent would bring back what telemetry had contradicted. Records of Muster's
own always go first, stale ones too: an envelope that ran out is confirmed where it is declared.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from readiness.evidence.core.bearing import is_own
from readiness.evidence.core.limits import Limit
from readiness.evidence.core.proving.values import Proof
from readiness.evidence.queries import SpanFigure
from readiness.framework.core.definition import Framework, SubMeasure
from readiness.scoring.core.combine import SEVERITY
from readiness.scoring.core.judge import JudgedState, Reading, standing
from readiness.scoring.core.states import CheckState, Provenance


def worst_reading(
    part: SubMeasure, readings: Iterable[Reading], *, now: datetime, limit: Limit | None = None
) -> Reading | None:
    """The reading whose state is worst; among equals one that is capped, so that the verdict hears of it; then the one
    nearest to its limit, or furthest outside it.

    A reading that is missing for one object must be among them as one that cannot be judged: what is not known may not
    be passed over in favour of what is.
    """
    candidates = list(readings)
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    return min(candidates, key=lambda reading: _rank(standing(part, reading, now, reading.limit or limit)))


def _rank(result: JudgedState) -> tuple[int, bool, float]:
    margin = result.margin if result.margin is not None else 0.0
    scale = abs(result.threshold) if result.threshold else 1.0
    return -SEVERITY[result.state], not result.capped, margin / scale


type Readings = dict[str, Reading | None]
"""The readings of one check, by sub-measure; None where nothing is known of it."""
type PartKey = tuple[str, str]
"""(check id, sub-measure id)."""

_PROVENANCES = {provenance.value: provenance for provenance in Provenance}


def with_evidence(
    measured: Mapping[PartKey, Reading],
    proofs: Mapping[PartKey, Iterable[Proof]],
    limits: Mapping[str, Limit],
    framework: Framework,
    now: datetime,
) -> dict[PartKey, Reading]:
    readings = dict(measured)
    for key, each in proofs.items():
        mine = readings.get(key)
        if mine is not None and is_own(key[0], mine.evidence):
            continue
        part = framework.parts_by_key[key]
        limit = limits.get(part.limit_from or "")
        proved = worst_reading(part, map(reading_of, each), now=now, limit=limit)
        if proved is None:
            continue
        went_stale = (
            mine is not None and standing(part, mine, now, mine.limit or limit).state is CheckState.STALE
        )
        if mine is None or (went_stale and proved.taken_at > mine.taken_at):
            readings[key] = proved
    return readings


def reading_of(proof: Proof) -> Reading:
    return Reading(
        value=proof.value,
        taken_at=proof.taken_at,
        provenance=_PROVENANCES[proof.provenance],
        evidence=proof.ref,
        detail=proof.detail,
        limit=None if proof.floor is None else _limit(proof.floor, proof.floor_source),
        failed=proof.failed,
        declaration=proof.declaration,
        cannot_judge=proof.cannot_judge,
        voided=proof.voided,
        voided_at=proof.voided_at,
    )


# Of a platform's few floors every site has hundreds of proofs.
@lru_cache(maxsize=10_000)
def _limit(floor: float, source: str) -> Limit:
    return Limit(value=floor, source=source)


def reading_of_span(figure: SpanFigure, detail: str, **given: Any) -> Reading:
    return Reading(
        value=figure.value,
        taken_at=figure.taken_at,
        provenance=_PROVENANCES[figure.provenance],
        evidence=f"measure:{figure.key}/{figure.part}",
        detail=detail,
        **given,
    )
