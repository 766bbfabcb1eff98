"""The stored form of decided checks, each with a digest by which the next evaluation recognises unchanged results, and
earlier readings made of it again. Arithmetic only: it imports no framework."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from operator import attrgetter
from typing import Any, NamedTuple

import orjson

from readiness.assessment.evidence.core.limits import Limit
from readiness.assessment.scoring.core.combine import CombinedCheck
from readiness.assessment.scoring.core.evaluate import SiteResult
from readiness.assessment.scoring.core.judge import PartResult, Reading
from readiness.assessment.scoring.core.states import CheckState, Gate, Provenance, ReasonCode

RECORDED = ("run:", "fact:", "attestation:", "ownership:", "review:")
"""Evidence stored as rows of its own and read at each evaluation, so its proof does not outlive the row."""


class StoredResult(NamedTuple):
    """The part of a result that the next evaluation needs. `parts` is large and only read if needed: `read_parts` adds
    those of changed results."""

    id: int
    site_id: int
    check_id: str
    state: str
    measured_state: str
    since: datetime
    first_bad_at: datetime | None
    digest: str
    framework_version_id: int
    tier: str
    parts: list[dict[str, Any]] | None


def reading_from(part: Mapping[str, Any]) -> Reading | None:
    # Where a value could not be judged, nothing keeps the reason: alone it would pass.
    if part.get("value") is None or not part.get("taken_at") or part.get("code") == ReasonCode.CANNOT_JUDGE:
        return None
    if part.get("evidence", "").startswith(RECORDED):
        return None
    limit = part.get("limit")
    return Reading(
        value=part["value"],
        taken_at=datetime.fromisoformat(part["taken_at"]),
        provenance=Provenance(part["provenance"]),
        evidence=part.get("evidence", ""),
        detail=part.get("detail", ""),
        cadence_s=part.get("cadence_s"),
        limit=Limit(value=limit["value"], source=limit["source"]) if limit else None,
        bad_since=datetime.fromisoformat(part["bad_since"]) if part.get("bad_since") else None,
    )


type Readings = Mapping[tuple[str, str], Reading]


class Content(NamedTuple):
    """`row` is everything that follows from the inputs alone. The start of a state depends on earlier rows, and the
    framework version is stored beside it, because most versions decide most checks alike."""

    row: dict[str, Any]
    digest: str


def contents_of(
    result: SiteResult,
    readings: Readings,
    stored: Mapping[str, StoredResult],
    settled_digests: Mapping[str, str],
) -> dict[str, Content]:
    """The row of a settled check is only made if it is not stored already."""
    return {
        check.check_id: Content({}, digest)
        if (digest := settled_digests.get(check.check_id, ""))
        and (before := stored.get(check.check_id)) is not None
        and before.digest == digest
        else content_of(check, readings)
        for check in result.checks
    }


def content_of(check: CombinedCheck, readings: Readings) -> Content:
    row = _result_row(check, readings)
    encoded = orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY)
    return Content(row, blake2b(encoded, digest_size=16).hexdigest())


_OF_CHECK = ("check_id", "pillar", "gate", "state", "measured_state", "code", "reason")
_OF_FIGURES = ("value", "unit", "threshold", "margin", "taken_at")
_OF_PART = (
    *("gate", "state", "code", "reason", "unit", "value", "threshold", "threshold_text", "limit_source"),
    *("margin", "taken_at", "fresh_until", "evidence", "detail", "bad_since"),
)
_check_values, _figure_values, _part_values = (
    attrgetter(*names) for names in (_OF_CHECK, _OF_FIGURES, _OF_PART)
)


def _result_row(check: CombinedCheck, readings: Readings) -> dict[str, Any]:
    return {
        **dict(zip(_OF_CHECK, _check_values(check), strict=True)),
        **dict(zip(_OF_FIGURES, _figure_values(check.figures), strict=True)),
        "tier": check.tier or "",
        "threshold_text": check.figures.threshold_text[:100],
        "evidence": _evidence(check),
        "parts": [_part(part, readings.get((check.check_id, part.part_id))) for part in check.parts],
        "expires_at": _expires_at(check),
    }


def _evidence(check: CombinedCheck) -> dict[str, str]:
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
    """When somebody must prove it again. Live telemetry is left out, because it would always be about to expire."""
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
    """The stored form: everything that a page shows, and everything needed to judge the reading again without new data.
    Its age is not stored, or every row would change at every evaluation."""
    limit = reading.limit if reading else None
    return {
        "part": part.part_id,
        **dict(zip(_OF_PART, _part_values(part), strict=True)),
        "tier": part.tier or "",
        "provenance": part.provenance or "",
        "cadence_s": reading.cadence_s if reading else None,
        "limit": {"value": limit.value, "source": limit.source}
        if limit and limit.value is not None
        else None,
    }
