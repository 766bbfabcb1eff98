"""Rows of decided checks, each with the digest that tells the next evaluation that it is stored already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from readiness.scoring.core.combine import CombinedCheck
from readiness.scoring.core.evaluate import SiteResult
from readiness.scoring.core.judge import PartResult, Reading
from readiness.scoring.core.states import CheckState, Gate
from readiness.scoring.stored_state import RECORDED

type Readings = Mapping[tuple[str, str], Reading]


class Content(NamedTuple):
    """`row` is all that follows from the inputs alone. Since when a state holds follows from those before, and which
    version of the framework decided is beside it: most versions decide most checks alike."""

    row: dict[str, Any]
    digest: str


def contents_of(result: SiteResult, readings: Readings) -> dict[str, Content]:
    """Contents of the rows by check id."""
    contents = {}
    for check in result.checks:
        row = _row(check, readings)
        encoded = orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY)
        contents[check.check_id] = Content(row, blake2b(encoded, digest_size=16).hexdigest())
    return contents


def _row(check: CombinedCheck, readings: Readings) -> dict[str, Any]:
    return {
        "check_id": check.check_id,
        "pillar": check.pillar,
        "gate": check.gate,
        "state": check.state,
        "measured_state": check.measured_state,
        "code": check.code,
        "tier": check.tier or "",
        "value": check.value,
        "unit": check.unit,
        "threshold": check.threshold,
        "threshold_text": check.threshold_text[:100],
        "margin": check.margin,
        "reason": check.reason,
        "evidence": _evidence(check),
        "parts": [_part(part, readings.get((check.check_id, part.part_id))) for part in check.parts],
        "taken_at": check.taken_at,
        "expires_at": _expires_at(check),
    }


def _evidence(check: CombinedCheck) -> dict[str, str]:
    """The evidence that decided: which sub-measure, what was read, and what of it was worst."""
    decided = check.decided_by
    if decided is None or decided.provenance is None:
        return {}
    return {
        "part": decided.part_id,
        "ref": decided.evidence,
        "object": decided.detail,
        "provenance": decided.provenance,
    }


def _expires_at(check: CombinedCheck) -> datetime | None:
    """The time when somebody has to prove it again. Live telemetry is left out: it would always be about to expire."""
    due = [
        part.fresh_until
        for part in check.parts
        if part.fresh_until
        and part.state is not CheckState.STALE
        and part.evidence.startswith(RECORDED)
        and (part.gate is not Gate.INFO or check.gate is Gate.INFO)
    ]
    return min(due, default=None)


def _part(part: PartResult, reading: Reading | None) -> dict[str, Any]:
    """The stored form: all that a page shows, and all that judging the reading again needs when nothing is sent.

    Its age is not stored, or every row would differ at every evaluation.
    """
    limit = reading.limit if reading else None
    return {
        "part": part.part_id,
        "gate": part.gate,
        "state": part.state,
        "code": part.code,
        "tier": part.tier or "",
        "reason": part.reason,
        "unit": part.unit,
        "value": part.value,
        "threshold": part.threshold,
        "threshold_text": part.threshold_text,
        "limit_source": part.limit_source,
        "margin": part.margin,
        "taken_at": part.taken_at,
        "fresh_until": part.fresh_until,
        "provenance": part.provenance or "",
        "evidence": part.evidence,
        "detail": part.detail,
        "bad_since": part.bad_since,
        "cadence_s": reading.cadence_s if reading else None,
        "limit": {"value": limit.value, "source": limit.source}
        if limit and limit.value is not None
        else None,
    }
