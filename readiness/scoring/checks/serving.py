"""p5-slo-compliance: which part of four weeks' five-minute windows kept the latency that the classes were promised."""

from __future__ import annotations

from datetime import datetime

from readiness.evidence.core.load import share_at_most
from readiness.evidence.core.provenance import worst_provenance
from readiness.evidence.measures import SERVING, TPOT_WINDOWS, TTFT_WINDOWS, DailyMeasure
from readiness.evidence.queries import Distribution
from readiness.framework.core.definition import Check
from readiness.scoring.core.judge import Limit, Reading
from readiness.scoring.core.states import Provenance
from readiness.scoring.facts import EvaluationFacts
from telemetry.queries import Latest

COUNTS = frozenset(f"{metric}_count" for measure in SERVING for metric in measure.metrics)
"""One series of each engine, which shows how fresh its histograms are."""
WINDOWS = (("ttft-windows", TTFT_WINDOWS, "ttft-slo"), ("tpot-windows", TPOT_WINDOWS, "tpot-slo"))
"""Sub-measure, what it is counted from, and the limit that the windows are held against."""


def readings(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    there = {part.id for part in check.parts}
    by_part = {}
    for part_id, measure, limit_id in WINDOWS:
        windows = next((each for each in facts.served if each.key == measure.key), None)
        fresh = _fresh(facts, measure, now)
        if part_id in there and windows is not None and fresh is not None:
            by_part[part_id] = _reading(windows, fresh, facts.limits.get(limit_id), limit_id)
    return by_part


def _fresh(facts: EvaluationFacts, measure: DailyMeasure, now: datetime) -> Latest | None:
    """The newest live sample; an engine that fell silent while others serve shows in telemetry coverage."""
    live = [
        sample
        for metric in measure.metrics
        for sample in facts.latest.get(f"{metric}_count", ())
        if facts.is_live(sample, now)
    ]
    return max(live, key=lambda sample: sample.ts, default=None)


def _reading(windows: Distribution, fresh: Latest, limit: Limit | None, limit_id: str) -> Reading:
    """A share of windows: the class's limit is in it, and is not what the share is held against."""
    at = None if limit is None else limit.value
    share = None if at is None else share_at_most(at, windows.sketch)
    against = "" if limit is None or at is None else f", against {at:g} ms, {limit.source}"
    return Reading(
        value=None if share is None else 100 * share,
        taken_at=fresh.ts,
        cadence_s=fresh.cadence_s,
        provenance=Provenance(worst_provenance([windows.provenance, fresh.provenance])),
        evidence=f"measure:{windows.key}/",
        detail=f"{windows.sketch.count} windows of 28 days{against}",
        cannot_judge=f"No limit is declared ({limit_id})." if at is None else "",
    )
