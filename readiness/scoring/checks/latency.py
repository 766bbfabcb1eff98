"""p2-placement-latency: p99 of the round trip from each user region, for each workload class placed here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from readiness.evidence.measures import ROUND_TRIP
from readiness.framework.core.definition import Check
from readiness.scoring.checks.choosing import worst_reading
from readiness.scoring.core.judge import Limit, Reading
from readiness.scoring.core.states import Provenance
from readiness.scoring.facts import MEASURED_PERCENTILE, EvaluationFacts, PlacedClass


def readings(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    worst = worst_reading(check.part("path-p99"), _of_each_path(facts, now), now=now)
    return {"path-p99": worst} if worst is not None else {}


def _of_each_path(facts: EvaluationFacts, now: datetime) -> Iterator[Reading]:
    """Each class to each region it serves, with the class's own limit; a path that nobody measures is
    unknown."""
    figures = {figure.part: figure for figure in facts.quantiles if figure.key == ROUND_TRIP.key}
    for placed in facts.classes:
        limit = placed.latency_limit
        if limit is None:
            yield Reading(value=None, taken_at=now, cannot_judge=f"{placed.name} declares no latency limit.")
            continue
        for slug, name in placed.regions:
            figure = figures.get(slug)
            path = f"{name}, {placed.name}"
            if figure is None:
                reason = f"No round trip from {name} was measured in the last 7 days."
                yield Reading(value=None, taken_at=now, detail=path, limit=limit, cannot_judge=reason)
                continue
            yield Reading(
                value=figure.value,
                taken_at=figure.taken_at,
                provenance=Provenance(figure.provenance),
                evidence=f"measure:{figure.key}/{figure.part}",
                detail=path,
                limit=limit,
                cannot_judge=_beside(placed, figure.value, limit),
            )


def _beside(placed: PlacedClass, p99: float | None, limit: Limit) -> str:
    """Explain when p99 cannot judge a limit at another percentile, though it bounds lower ones above, higher below."""
    if placed.percentile == MEASURED_PERCENTILE or p99 is None or limit.value is None:
        return ""
    is_proven = p99 <= limit.value if placed.percentile < MEASURED_PERCENTILE else p99 > limit.value
    return "" if is_proven else f"The limit holds at p{placed.percentile:g}, and p99 is measured."
