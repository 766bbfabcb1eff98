"""p3-oncall-staffing: what the rotations that serve a site come to.

Readings name domains, levels and skills, never people: everybody who sees the check reads them. Pages incident by
incident are counted by nobody here: what people record of them counts.
"""

from datetime import datetime

from readiness.evidence.core.proving.values import few
from readiness.framework.core.definition import Check
from readiness.people.core.on_call import LEVELS, OnCallStanding
from readiness.scoring.checks.records import recorded
from readiness.scoring.core.judge import Reading
from readiness.scoring.facts import EvaluationFacts

ROTATIONS = "rotations"
"""A reference to the records of who is on call begins so; the site's slug follows."""
TIME, SIZE, SHARED_SIZE = "time-on-call", "rotation-size", "rotation-size-shared"


def staffing(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    standing = facts.people.on_call
    if standing is None:
        return {}
    uncovered = sorted({domain for domain, _ in standing.uncovered})
    unqualified = sorted({lack.domain for lack in standing.lacks})
    gaps = [f"{domain} ({LEVELS[level]})" for domain, level in standing.uncovered]
    figures = {
        "domains-uncovered": (float(len(uncovered)), f"at some hour nobody: {few(gaps)}" if gaps else ""),
        "unqualified-on-call": (float(len(unqualified)), few([str(lack) for lack in standing.lacks])),
        "limits-exceeded": (float(len(_exceeded(standing, check))), few(_exceeded(standing, check))),
    }
    if standing.busiest is not None:
        figures[TIME] = (standing.busiest, "")
    if standing.smallest is not None:
        shared = standing.smallest.sites > 1
        words = f"shared by {standing.smallest.sites} sites" if shared else ""
        figures[SHARED_SIZE if shared else SIZE] = (float(standing.smallest.people), words)
    evidence = f"{ROTATIONS}:{facts.profile.slug}"
    return {part: recorded(evidence, value, detail, now=now) for part, (value, detail) in figures.items()}


def _exceeded(standing: OnCallStanding, check: Check) -> list[str]:
    """Limits that are exceeded, by their names in the definition in force, of those that it has."""
    size = standing.smallest
    measured = {TIME: standing.busiest}
    if size is not None:
        measured[SHARED_SIZE if size.sites > 1 else SIZE] = float(size.people)
    bounds = {part.id: (part.name, part.pass_at.bound) for part in check.parts if part.pass_at is not None}
    return [
        name
        for part_id, (name, bound) in bounds.items()
        if (value := measured.get(part_id)) is not None and bound is not None and not bound.contains(value)
    ]
