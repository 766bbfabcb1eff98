"""p2-backup-power: the battery, the output, the last test and the load of every UPS in service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from inventory.models import Device
from readiness.framework.core.definition import Check, SubMeasure
from readiness.scoring.checks.choosing import worst_reading
from readiness.scoring.core.judge import Reading
from readiness.scoring.core.states import Provenance
from readiness.scoring.facts import EvaluationFacts

PARTS = (
    "battery-status",
    "output-source",
    "battery-test",
    "minutes-with-generator",
    "minutes-without-generator",
    "output-load",
)


def readings(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    """The worst UPS of each sub-measure. The date of the last battery test is not sent, so that of its result
    is taken."""
    by_part = {}
    for part_id in PARTS:
        part = check.part(part_id)
        limit = facts.limits.get(part.limit_from) if part.limit_from else None
        worst = worst_reading(part, _of_each_ups(facts, part, now), now=now, limit=limit)
        if worst is not None:
            by_part[part_id] = worst
    return by_part


def _of_each_ups(facts: EvaluationFacts, part: SubMeasure, now: datetime) -> Iterator[Reading]:
    """Nothing until any UPS sends the metric; from then on one that does not is unknown."""
    samples = {sample.device_id: sample for metric in part.metrics for sample in facts.held.get(metric, ())}
    units = list(facts.in_service(kind="device", role=Device.Role.UPS))
    if not any(unit.key[1] in samples for unit in units):
        return
    for unit in units:
        sample = samples.get(unit.key[1])
        if sample is None:
            yield Reading(
                value=None,
                taken_at=now,
                detail=unit.name,
                cannot_judge=f"{unit.name} has sent no {part.name.lower()} for 24 h.",
            )
            continue
        yield Reading(
            value=sample.value,
            taken_at=sample.ts,
            provenance=Provenance(sample.provenance),
            evidence=f"series:{sample.series_id}",
            detail=unit.name,
        )
