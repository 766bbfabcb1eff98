"""Which objects are heard from. Telemetry coverage and health both ask here.

Where one of them says that something is silent, so does the other in the same evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from readiness.scoring.facts import EvaluationFacts, ObjectKey


@dataclass(frozen=True, slots=True)
class Heard:
    """When an object was last heard from, and until when that counts as live."""

    at: datetime
    until: datetime


def heard_from(facts: EvaluationFacts, now: datetime) -> dict[ObjectKey, Heard]:
    """Every object that is live, by the source that leaves it so for longest."""
    live: dict[int, timedelta] = {}
    heard: dict[ObjectKey, Heard] = {}
    for key, by_source in facts.seen.items():
        for source_id, at in by_source.items():
            if source_id not in live:
                live[source_id] = timedelta(seconds=facts.live_s(source_id))
            until = at + live[source_id]
            if until >= now and (key not in heard or until > heard[key].until):
                heard[key] = Heard(at, until)
    return heard


def last_heard_at(facts: EvaluationFacts, key: ObjectKey) -> datetime | None:
    """None where its last sample is out of sight."""
    return max(facts.seen.get(key, {}).values(), default=None)
