"""p5-telemetry-coverage: which of the objects in service are heard from. Health reads the same hearing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from readiness.framework.core.definition import Check
from readiness.scoring.checks.choosing import named
from readiness.scoring.core.judge import Reading
from readiness.scoring.core.states import Provenance
from readiness.scoring.facts import EvaluationFacts, ObjectKey, Thing
from readiness.scoring.liveness import Heard, heard_from

DOMAINS = {"compute": "compute-coverage", "network": "network-coverage", "energy": "energy-coverage"}


def readings(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    """Taken at `now`: silence is what is measured, so it shows at once and never goes stale itself.

    Until anything at the site was ever heard from there is no reading; nobody has said yet that it is
    watched.
    """
    if not facts.sources_of:
        return {}
    heard = heard_from(facts, now)
    by_part = {part: _coverage(facts, domain, heard, now) for domain, part in DOMAINS.items()}
    skew = _clock_skew(facts)
    kept = {part: reading for part, reading in by_part.items() if reading is not None}
    return kept | ({"clock-skew": skew} if skew else {})


def _coverage(
    facts: EvaluationFacts, domain: str, heard: Mapping[ObjectKey, Heard], now: datetime
) -> Reading | None:
    expected = [thing for thing in facts.in_service(domain=domain) if thing.covered]
    if not expected:
        return None
    silent = [thing for thing in expected if thing.key not in heard]
    count = len(expected) - len(silent)
    detail = f"{count} of {len(expected)} heard from"
    if silent:
        detail += f"; silent: {named([thing.name for thing in silent])}"
    return Reading(
        value=100 * count / len(expected),
        taken_at=now,
        provenance=Provenance.MEASURED,
        evidence=f"coverage:{domain}",
        detail=detail,
        bad_since=min((_silent_since(facts, thing, now) for thing in silent), default=None),
    )


def _silent_since(facts: EvaluationFacts, thing: Thing, now: datetime) -> datetime:
    """The time when its last sample stopped counting as live, where that sample is still in sight; else now."""
    ends = [
        at + timedelta(seconds=facts.live_s(source_id))
        for source_id, at in facts.seen.get(thing.key, {}).items()
    ]
    return min(max(ends, default=now), now)


def _clock_skew(facts: EvaluationFacts) -> Reading | None:
    """How far a source's own time is from the time at which Muster received it; the widest of the site's
    sources."""
    apart = [
        (abs((source.last_received_at - source.last_sample_at).total_seconds()), source)
        for source in facts.sources.values()
        if source.last_received_at and source.last_sample_at
    ]
    if not apart:
        return None
    seconds, source = max(apart, key=lambda pair: pair[0])
    return Reading(
        value=seconds,
        taken_at=source.last_received_at or source.last_sample_at,  # type: ignore[arg-type]
        evidence=f"source:{source.id}",
        detail=source.name,
        cadence_s=source.cadence_s,
    )
