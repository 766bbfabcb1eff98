"""p5-fabric-health: what the counters of each port rose by in the last 24 hours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from readiness.framework.core.definition import Check, SubMeasure
from readiness.scoring.checks.choosing import named
from readiness.scoring.core.judge import Reading
from readiness.scoring.core.states import Provenance
from readiness.scoring.facts import EvaluationFacts, Thing
from telemetry.queries import Latest, Rise

PARTS = ("flaps", "link-errors", "discards")


def readings(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    by_part = {part_id: _worst_port(facts, check.part(part_id)) for part_id in PARTS}
    return {part_id: reading for part_id, reading in by_part.items() if reading is not None}


def _worst_port(facts: EvaluationFacts, part: SubMeasure) -> Reading | None:
    """None where no port in service sends any of the counters; a port that fell silent still counts what
    it rose by."""
    watched = [
        sample
        for metric in part.metrics
        for sample in facts.latest.get(metric, ())
        if _port(facts, sample) is not None
    ]
    rises: dict[int, list[Rise]] = defaultdict(list)
    for metric in part.metrics:
        for rise in facts.rises.get(metric, ()):
            if _port(facts, rise) is not None and rise.port_id is not None:
                rises[rise.port_id].append(rise)
    if not watched:
        return None
    totals = {port_id: sum(rise.increase for rise in many) for port_id, many in rises.items()}
    worst_first = sorted(totals, key=lambda port_id: (-totals[port_id], port_id))
    return _reading(
        facts, watched, [port_id for port_id in worst_first if totals[port_id] > 0], totals, rises
    )


def _reading(
    facts: EvaluationFacts,
    watched: Sequence[Latest],
    dirty: Sequence[int],
    totals: dict[int, float],
    rises: dict[int, list[Rise]],
) -> Reading:
    first_bad = [rise.first_bad_at for port_id in dirty for rise in rises[port_id]]
    return Reading(
        value=totals[dirty[0]] if dirty else 0.0,
        taken_at=max(sample.ts for sample in watched),
        provenance=Provenance(watched[0].provenance),
        evidence=f"series:{rises[dirty[0]][0].series_id}" if dirty else "",
        detail=named([facts.things["port", port_id].name for port_id in dirty]),
        cadence_s=max(sample.cadence_s for sample in watched),
        bad_since=min(first_bad, default=None),
    )


def _port(facts: EvaluationFacts, row: Latest | Rise) -> Thing | None:
    port = facts.things.get(("port", row.port_id or 0))
    return port if port is not None and port.in_service else None
