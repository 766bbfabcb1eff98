"""Choose the reading that decides among several of one sub-measure, one per object."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from readiness.framework.core.definition import SubMeasure
from readiness.scoring.core.combine import SEVERITY
from readiness.scoring.core.judge import JudgedState, Limit, Reading, standing

NAMES_SHOWN = 3


def worst_reading(
    part: SubMeasure, readings: Iterable[Reading], *, now: datetime, limit: Limit | None = None
) -> Reading | None:
    """The reading whose state is worst; among equals one that is capped, so that the verdict hears of it; then the one
    nearest to its limit, or furthest outside it.

    A reading that is missing for one object must be among them as one that cannot be judged: what is not
    known may not be passed over in favour of what is.
    """
    candidates = list(readings)
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    return min(candidates, key=lambda reading: _rank(standing(part, reading, now, reading.limit or limit)))


def _rank(result: JudgedState) -> tuple[int, bool, float]:
    margin = result.margin if result.margin is not None else 0.0
    scale = abs(result.threshold) if result.threshold else 1.0
    return -SEVERITY[result.state], not result.capped, margin / scale


def named(names: Sequence[str]) -> str:
    """The first few, and how many more: `n001, n002, n003 and 4 more`."""
    shown = ", ".join(names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
