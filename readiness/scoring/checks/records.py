"""Readings of Muster's own records, which are read anew at each evaluation."""

from datetime import datetime

from readiness.scoring.core.judge import Reading
from readiness.scoring.core.states import Provenance


def recorded(
    evidence: str, value: float | None, detail: str, *, now: datetime, cannot_judge: str = ""
) -> Reading:
    """Date it by the day, so that a day has one row. `cannot_judge` is why there is no value."""
    return Reading(
        value=value,
        taken_at=now.replace(hour=0, minute=0, second=0, microsecond=0),
        provenance=Provenance.DECLARED,
        evidence=evidence,
        detail=detail,
        cannot_judge=cannot_judge if value is None else "",
    )
