"""The stored reason why an object is not well, and how long it stands without new samples."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from readiness.assessment.scoring.core.states import Health
from readiness.assessment.scoring.facts import EvaluationFacts, ObjectKey, last_heard_at, object_key
from readiness.assessment.scoring.site_facts import WINDOW
from telemetry.core.metric import ComparedValue, LimitTest

type Stored = Mapping[str, Any]
"""A reason as JSON, made by `reason_of`."""


_BLANK: Stored = {
    **dict.fromkeys(("metric", "title", "unit", "direction", "source", "measure", "was"), ""),
    **dict.fromkeys(("value", "threshold", "taken_at", "since")),
}


def reason_of(
    health: Health, key: ObjectKey, name: str, taken_at: datetime | None, **told: Any
) -> dict[str, Any]:
    """`threshold` is the exceeded limit, `source` its source. `was` is the health before an object became unknown; the
    values are then the last read ones. `since` is when its cause was first seen."""
    of_object = {"health": str(health), "object_kind": key[0], "object_id": key[1], "object": name}
    at = taken_at.isoformat() if taken_at else None
    return {**of_object, **_BLANK, "taken_at": at, "since": at, **told}


def lasting(reason: Stored, before: Stored | None, now: datetime) -> Stored:
    """The reason with the `since` of the earlier stored one, as long as the object breaks the same rule."""
    since = before.get("since") if before is not None and _is_same_rule(reason, before) else None
    return {**reason, "since": since or reason.get("since") or now.isoformat()}


def _is_same_rule(reason: Stored, before: Stored) -> bool:
    return (
        reason["metric"] == before.get("metric")
        and reason["measure"] == before.get("measure")
        and reason["direction"] == before.get("direction")
    )


def unheard(
    facts: EvaluationFacts, key: ObjectKey, before: Stored | None, known_until: datetime | None
) -> Stored:
    """The reason of a silent object; `before` is the earlier stored one. If its last sample is out of reach, it was
    heard from until `known_until`, when all of its domain was."""
    if before is not None:
        return mark_unknown(before)
    at = last_heard_at(facts, key) or known_until
    name = facts.names.get(key, "")
    return reason_of(Health.UNKNOWN, key, name, at, title="Not heard from")


def mark_unknown(before: Stored) -> Stored:
    was = before.get("was", "")
    if not was and before["health"] != Health.UNKNOWN:
        was = before["health"]
    return {**before, "health": str(Health.UNKNOWN), "was": was}


def is_answered(facts: EvaluationFacts, before: Stored, now: datetime) -> bool:
    """Whether something still shows its state: a live value of the metric, or events, which count for a day anyway. A
    day after the last value nobody waits for another one, because the metric may have been renamed."""
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
        return max((rise.increase for rise in rises if object_key(rise) == key_of(before)), default=0.0)
    worst = min if before.get("direction") == LimitTest.BELOW else max
    return worst(_live_values(facts, before, now), default=None)


def _live_values(facts: EvaluationFacts, before: Stored, now: datetime) -> list[float]:
    samples = facts.latest.get(before["metric"], ())
    return [
        sample.value
        for sample in samples
        if object_key(sample) == key_of(before) and facts.is_live(sample, now)
    ]


def key_of(before: Stored) -> ObjectKey:
    return before["object_kind"], before["object_id"]
