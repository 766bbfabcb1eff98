"""p2-envelope-declared: whether the classes placed here have whole envelopes, free of contradiction, still stood by.

As long as nobody declared anything of any of them, the check has no reading, and what is recorded or attested counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from readiness.evidence.core.provenance import worst_provenance
from readiness.framework.core.definition import Check
from readiness.scoring.checks.choosing import named, worst_reading
from readiness.scoring.core.judge import Reading
from readiness.scoring.core.states import Provenance
from readiness.scoring.facts import EvaluationFacts
from readiness.workloads.core.envelope import Envelope, contradictions

COMPLETE, CONTRADICTIONS = "classes-complete", "contradictions"
PARTS = (COMPLETE, CONTRADICTIONS)
EVIDENCE = "envelopes:"
"""What a reference to the envelopes of a site begins with; the site's slug follows."""


def readings(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    today = now.astimezone(UTC).date()
    placed = _placed(facts)
    vouched = {envelope.slug: day for envelope in placed if (day := envelope.vouched_on(today)) is not None}
    if not vouched:
        return {}
    lacking = [
        (envelope, envelope.missing)
        for envelope in placed
        if envelope.slug not in vouched or envelope.missing
    ]
    share = 100 * (len(placed) - len(lacking)) / len(placed)
    lacking_text = named([_lacks(envelope, envelope.slug in vouched) for envelope, _missing in lacking])
    against = list(_against(placed, facts))
    values = {
        COMPLETE: (
            share,
            bool(lacking),
            f"of {len(placed)} placed here; {lacking_text}" if lacking_text else _names(placed),
        ),
        CONTRADICTIONS: (float(len(against)), bool(against), named(against) or _names(placed)),
    }
    evidence, provenance = f"{EVIDENCE}{facts.profile.slug}", _provenance(placed)
    oldest_at = _until(min(vouched.values()), now)
    by_part = {}
    for part_id, (value, is_amiss, detail) in values.items():
        # A fault holds now; the absence of faults is as old as the oldest declaration of it.
        dates = (now, oldest_at) if is_amiss else (oldest_at,)
        each = [Reading(value, at, provenance, evidence, detail) for at in dates]
        worst = worst_reading(check.part(part_id), each, now=now)
        if worst is not None:
            by_part[part_id] = worst
    return by_part


def has_subject(facts: EvaluationFacts) -> bool:
    return any(envelope.declared_on is not None for envelope in _placed(facts))


def _placed(facts: EvaluationFacts) -> list[Envelope]:
    return [placed.envelope for placed in facts.classes if placed.envelope is not None]


def _lacks(envelope: Envelope, is_declared: bool) -> str:
    if not is_declared:
        return f"{envelope.name} is not declared"
    return f"{envelope.name} lacks {', '.join(envelope.missing)}"


def _names(placed: Sequence[Envelope]) -> str:
    return named([envelope.name for envelope in placed])


def _against(placed: Sequence[Envelope], facts: EvaluationFacts) -> Iterator[str]:
    """Name what can never hold, within one envelope or for all of them together at this site."""
    for envelope in placed:
        yield from (
            f"{envelope.name}: {contradiction.reason}"
            for contradiction in contradictions(envelope)
            if contradiction.is_hard
        )
    needed, there = sum(envelope.accelerator_count for envelope in placed), facts.context.accelerators
    if there is not None and needed > there:
        yield f"Together they need {needed} accelerators, and the site has {there}."
    kw, contracted_kw = sum(envelope.it_kw or 0.0 for envelope in placed), facts.profile.contracted_kw
    if contracted_kw is not None and kw > contracted_kw:
        yield f"Together they need {kw:g} kW, and the site's contract is for {contracted_kw:g} kW."


def _provenance(placed: Sequence[Envelope]) -> Provenance:
    return Provenance(worst_provenance([envelope.provenance for envelope in placed]))


def _until(day: date, now: datetime) -> datetime:
    """The end of the day in UTC, since a class stands at no site; not after now."""
    return min(datetime.combine(day + timedelta(days=1), time.min, UTC), now)
