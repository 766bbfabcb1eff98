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
    vouched = {one.slug: day for one in placed if (day := one.vouched_on(today)) is not None}
    if not vouched:
        return {}
    lacking = [(one, one.missing) for one in placed if one.slug not in vouched or one.missing]
    share = 100 * (len(placed) - len(lacking)) / len(placed)
    told = named([_lacks(one, one.slug in vouched) for one, _missing in lacking])
    against = list(_against(placed, facts))
    values = {
        COMPLETE: (share, bool(lacking), f"of {len(placed)} placed here; {told}" if told else _names(placed)),
        CONTRADICTIONS: (float(len(against)), bool(against), named(against) or _names(placed)),
    }
    evidence, provenance = f"{EVIDENCE}{facts.profile.slug}", _provenance(placed)
    oldest_at = _until(min(vouched.values()), now)
    found = {}
    for part_id, (value, is_amiss, detail) in values.items():
        # What is amiss is amiss now; that nothing is, is as old as the oldest word for it.
        dates = (now, oldest_at) if is_amiss else (oldest_at,)
        each = [Reading(value, at, provenance, evidence, detail) for at in dates]
        worst = worst_reading(check.part(part_id), each, now=now)
        if worst is not None:
            found[part_id] = worst
    return found


def has_subject(facts: EvaluationFacts) -> bool:
    return any(one.declared_on is not None for one in _placed(facts))


def _placed(facts: EvaluationFacts) -> list[Envelope]:
    return [placed.envelope for placed in facts.classes if placed.envelope is not None]


def _lacks(envelope: Envelope, is_declared: bool) -> str:
    if not is_declared:
        return f"{envelope.name} is not declared"
    return f"{envelope.name} lacks {', '.join(envelope.missing)}"


def _names(placed: Sequence[Envelope]) -> str:
    return named([one.name for one in placed])


def _against(placed: Sequence[Envelope], facts: EvaluationFacts) -> Iterator[str]:
    """What can never hold: within an envelope, or of all of them together at this site."""
    for one in placed:
        yield from (f"{one.name}: {found.reason}" for found in contradictions(one) if found.is_hard)
    needed, there = sum(one.accelerator_count for one in placed), facts.context.accelerators
    if there is not None and needed > there:
        yield f"Together they need {needed} accelerators, and the site has {there}."
    kw, contracted_kw = sum(one.it_kw or 0.0 for one in placed), facts.profile.contracted_kw
    if contracted_kw is not None and kw > contracted_kw:
        yield f"Together they need {kw:g} kW, and the site's contract is for {contracted_kw:g} kW."


def _provenance(placed: Sequence[Envelope]) -> Provenance:
    return Provenance(worst_provenance([one.provenance for one in placed]))


def _until(day: date, now: datetime) -> datetime:
    """The end of the day in UTC, since a class stands at no site; not after now."""
    return min(datetime.combine(day + timedelta(days=1), time.min, UTC), now)
