"""p3-capability-gap: growth of what is commissioned less growth of the people who are qualified to run it."""

from datetime import datetime

from readiness.framework.core.definition import Check
from readiness.people.core.growth import capability_gap
from readiness.scoring.checks.records import recorded
from readiness.scoring.core.judge import Reading
from readiness.scoring.facts import EvaluationFacts
from web.units import how_many

NOBODY = "Nobody is qualified here for anything that the site requires."


def capability_gap_readings(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    known = facts.people.growth
    if known is None:
        return {}
    gap = capability_gap(known)
    whose = "on call" if known.is_on_call else "assigned"
    people = how_many(known.qualified_now, "qualified person", "qualified people")
    detail = f"{people} {whose}, {known.qualified_then} 180 days ago"

    def reading(value: float | None, cannot_judge: str) -> Reading:
        return recorded(f"qualified:{facts.profile.slug}", value, detail, now=now, cannot_judge=cannot_judge)

    return {
        "growth-gap": reading(gap.points, gap.reason),
        "accelerators-per-person": reading(gap.accelerators_per_person, NOBODY),
        "kw-per-person": reading(gap.kw_per_person, NOBODY),
    }
