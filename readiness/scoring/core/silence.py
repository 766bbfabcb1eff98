"""Health between two evaluations: a domain is unknown once its samples may have stopped."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from readiness.scoring.core.states import Health

KNOWN = frozenset({Health.OK, Health.WARN, Health.CRITICAL})
"""Health that is read from samples, so that it ends with them."""


class HealthAt(NamedTuple):
    """Health of a domain at an instant. An unknown one was `last_health` until `heard_at`, where that is known."""

    health: str
    since: datetime
    last_health: str
    heard_at: datetime | None
    objects_by_health: Mapping[str, int]
    figures: Mapping[str, Any]


def health_at(evaluated: HealthAt, blind_at: datetime | None, now: datetime) -> HealthAt:
    """The evaluated health until `blind_at`, then unknown: had samples still come, it would be evaluated anew."""
    if blind_at is None or now <= blind_at or evaluated.health not in KNOWN:
        return evaluated
    return HealthAt(
        health=str(Health.UNKNOWN),
        since=blind_at,
        last_health=evaluated.health,
        heard_at=evaluated.heard_at,
        objects_by_health=without_samples(evaluated.objects_by_health),
        figures={},
    )


def without_samples(objects_by_health: Mapping[str, int]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for health, count in objects_by_health.items():
        health_now = str(Health.UNKNOWN) if health in KNOWN else health
        counts[health_now] = counts.get(health_now, 0) + count
    return counts
