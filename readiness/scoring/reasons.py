"""Why an object is not well, as it is stored, and how long that stands when nothing more is heard."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from readiness.scoring.core.states import Health
from readiness.scoring.facts import EvaluationFacts, ObjectKey, last_heard_at
from readiness.scoring.site_facts import WINDOW, object_key
from telemetry.core.metric import ComparedValue, LimitTest

type Stored = Mapping[str, Any]
"""A reason as JSON, as `Reason.stored` makes it."""


@dataclass(frozen=True, slots=True)
class Reason:
    """`threshold` is the limit that was passed, `source` where that comes from.

    `was` is the health before an object became unknown; the values beside it are what was read last.
    """

    health: Health
    key: ObjectKey
    name: str
    metric: str = ""
    title: str = ""
    value: float | None = None
    unit: str = ""
    threshold: float | None = None
    direction: str = ""
    source: str = ""
    taken_at: datetime | None = None
    measure: str = ""
    was: str = ""

    def stored(self) -> dict[str, Any]:
        return {
            "health": str(self.health),
            "object_kind": self.key[0],
            "object_id": self.key[1],
            "object": self.name,
            "metric": self.metric,
            "title": self.title,
            "value": self.value,
            "unit": self.unit,
            "threshold": self.threshold,
            "direction": self.direction,
            "source": self.source,
            "taken_at": self.taken_at.isoformat() if self.taken_at else None,
            "measure": self.measure,
            "was": self.was,
        }


def unheard(
    facts: EvaluationFacts, key: ObjectKey, before: Stored | None, known_until: datetime | None
) -> Stored:
    """The reason of an object that nothing is heard from; `before` is the one stored earlier.

    Where its last sample is out of sight it was heard from until `known_until`, when all of its domain was.
    """
    if before is not None:
        return as_it_was(before)
    at = last_heard_at(facts, key) or known_until
    name = facts.names.get(key, "")
    return Reason(Health.UNKNOWN, key, name, title="Not heard from", taken_at=at).stored()


def as_it_was(before: Stored) -> Stored:
    was = before.get("was", "")
    if not was and before["health"] != Health.UNKNOWN:
        was = before["health"]
    return {**before, "health": str(Health.UNKNOWN), "was": was}


def is_answered(facts: EvaluationFacts, before: Stored, now: datetime) -> bool:
    """Whether something still shows its state: a live value of the metric, or events, which count for a day anyway.

    A day after the last value nobody waits for another one: the metric may have gone by its name.
    """
    if before.get("measure") != ComparedValue.VALUE:
        return True
    if datetime.fromisoformat(before["taken_at"]) < now - WINDOW:
        return True
    return bool(_live_values(facts, before, now))


def value_now(facts: EvaluationFacts, before: Stored, now: datetime) -> float | None:
    if not before.get("metric"):
        return None
    if before.get("measure") == ComparedValue.CHANGED:
        return 0.0
    if before.get("measure") == ComparedValue.INCREASE:
        rises = facts.rises.get(before["metric"], ())
        return max((rise.increase for rise in rises if object_key(rise) == _key(before)), default=0.0)
    worst = min if before.get("direction") == LimitTest.BELOW else max
    return worst(_live_values(facts, before, now), default=None)


def _live_values(facts: EvaluationFacts, before: Stored, now: datetime) -> list[float]:
    samples = facts.latest.get(before["metric"], ())
    return [
        sample.value
        for sample in samples
        if object_key(sample) == _key(before) and facts.is_live(sample, now)
    ]


def _key(before: Stored) -> ObjectKey:
    return before["object_kind"], before["object_id"]
