"""Checks computed from Muster's records of people: qualifications, on-call duty and practice.

Records are read at each evaluation, so readings are dated by the day. If no record of a kind exists, entered evidence
counts. Everybody who sees a check can read its details: they name skills, domains, levels, teams and titles, never
persons. Muster does not count pages of the people on call.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from readiness.assessment.evidence.core.proving.values import few
from readiness.assessment.framework.core.definition import Check
from readiness.assessment.scoring.core.judge import Reading
from readiness.assessment.scoring.core.states import Provenance
from readiness.assessment.scoring.facts import EvaluationFacts
from readiness.organisation.people.core import coverage as core
from readiness.organisation.people.core.coverage import SiteCoverage, Tally
from readiness.organisation.people.core.growth import capability_gap
from readiness.organisation.people.core.on_call import LEVELS, OnCallStanding
from readiness.organisation.people.core.practice import SMALL_GROUP
from readiness.organisation.people.models import Procedure
from web.units import how_many

QUALIFIED, TRAINING, ROTATIONS = "qualified", "training", "rotations"
"""Prefixes of references to records of people; the site's slug follows."""
NOBODY_ON_CALL = "Nobody is on call for the site."
NOTHING_ASKED = "No rule asks the people on call for a skill on a vendor's equipment."
NOBODY_QUALIFIED = "Nobody is qualified here for anything that the site requires."
TIME, SIZE, SHARED_SIZE = "time-on-call", "rotation-size", "rotation-size-shared"
_TITLES: Mapping[str, str] = {kind.value: kind.label for kind in Procedure.DOCUMENTS}
"""The core documents, as listed in the definition's note."""


def recorded(
    evidence: str, value: float | None, detail: str, *, now: datetime, cannot_judge: str = ""
) -> Reading:
    """A reading dated by the day, so that a day has one row. `cannot_judge` says why there is no value."""
    return Reading(
        value=value,
        taken_at=now.replace(hour=0, minute=0, second=0, microsecond=0),
        provenance=Provenance.DECLARED,
        evidence=evidence,
        detail=detail,
        cannot_judge=cannot_judge if value is None else "",
    )


def role_coverage(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    coverage = _staffed(facts)
    weakest = core.weakest(coverage) if coverage else None
    if coverage is None or weakest is None:
        return {}
    requirement = weakest.requirement
    short = sum(each.is_short for each in coverage.requirements)
    detail = f"{requirement.skill_name} at level {requirement.level}, for {requirement.because}"
    if short > 1:
        detail += f"; {short} requirements have too few people"
    return {
        "people-per-role": recorded(
            f"{QUALIFIED}:{facts.profile.slug}", float(len(weakest.qualified)), detail, now=now
        )
    }


def training(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    coverage = _staffed(facts)
    if coverage is None or not coverage.training:
        return {}
    overall = core.trained(coverage, coverage.assigned)
    readings = {"overall": _share(facts, TRAINING, overall, now, "Nobody is assigned to the site.")}
    if coverage.has_rotation:
        on_call = core.trained(coverage, coverage.on_call)
        readings["on-call"] = _share(facts, TRAINING, on_call, now, NOBODY_ON_CALL)
    return readings


def competency(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    coverage = _staffed(facts)
    if coverage is None or not coverage.requirements or not coverage.has_rotation:
        return {}
    nothing = NOTHING_ASKED if coverage.on_call else NOBODY_ON_CALL
    return {"assessed": _share(facts, QUALIFIED, core.verified(coverage), now, nothing)}


def literacy(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    coverage = _staffed(facts)
    if coverage is None or not coverage.training or not coverage.has_rotation:
        return {}
    return {"literate": _share(facts, TRAINING, core.literate(coverage), now, NOBODY_ON_CALL)}


def _staffed(facts: EvaluationFacts) -> SiteCoverage | None:
    coverage = facts.people.coverage
    return coverage if coverage is not None and coverage.is_staffed else None


def _share(facts: EvaluationFacts, source: str, share: Tally, now: datetime, otherwise: str) -> Reading:
    return recorded(
        f"{source}:{facts.profile.slug}",
        share.percent,
        f"{share.count} of {share.total} people" if share.total else "",
        now=now,
        cannot_judge=otherwise,
    )


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
    """Names of the exceeded limits, as far as the definition in force has them."""
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


def capability_gap_readings(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    growth = facts.people.growth
    if growth is None:
        return {}
    gap = capability_gap(growth)
    whose = "on call" if growth.is_on_call else "assigned"
    people = how_many(growth.qualified_now, "qualified person", "qualified people")
    were = "was" if growth.qualified_then == 1 else "were"
    detail = f"{people} {whose} now; {growth.qualified_then} {were} 180 days ago"

    def reading(value: float | None, cannot_judge: str) -> Reading:
        return recorded(f"qualified:{facts.profile.slug}", value, detail, now=now, cannot_judge=cannot_judge)

    return {
        "growth-gap": reading(gap.points, gap.reason),
        "accelerators-per-person": reading(gap.accelerators_per_person, NOBODY_QUALIFIED),
        "kw-per-person": reading(gap.kw_per_person, NOBODY_QUALIFIED),
    }


def drills(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    practice = facts.people.practice
    if practice is None or not practice.has_drills:
        return {}
    drilled, whole = practice.people_drilled(), practice.cross_domain()
    reading = partial(recorded, f"drills:{facts.profile.slug}", now=now)
    return {
        "people-drilled": reading(
            drilled.percent,
            f"{drilled.count} of {drilled.total} people on call",
            cannot_judge="Nobody has been on call for 30 days, or will be for 30.",
        ),
        "cross-domain-drills": reading(
            whole.percent,
            f"{whole.count} of {whole.total} drills",
            cannot_judge="No drill was held in the last 180 days.",
        ),
    }


def understanding(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    practice = facts.people.practice
    if practice is None or not practice.answers:
        return {}
    agreement, weakest = practice.agreement(), practice.weakest_team()
    few_answered = f"Fewer than {SMALL_GROUP} people{{}} have answered in the last 180 days."
    reading = partial(recorded, f"surveys:{facts.profile.slug}", now=now)
    return {
        "agreement": reading(
            agreement.percent if agreement else None,
            f"{agreement.count} of {agreement.total} answers" if agreement else "",
            cannot_judge=few_answered.format(""),
        ),
        "weakest-team": reading(
            weakest[1].percent if weakest else None,
            weakest[0] if weakest else "",
            cannot_judge=few_answered.format(" of each team"),
        ),
    }


def runbooks(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    practice = facts.people.practice
    if practice is None or not practice.rules or not practice.is_written:
        return {}
    critical, every = practice.runbook_tally(critical=True), practice.runbook_tally()
    exercised = practice.exercised()
    reading = partial(recorded, f"runbooks:{facts.profile.slug}", now=now)
    return {
        "critical-rules": reading(
            critical.percent,
            _lacking_text("without", critical),
            cannot_judge="No alert rule here is marked critical.",
        ),
        "all-rules": reading(every.percent, _lacking_text("without", every)),
        "exercised": reading(
            exercised.percent, _lacking_text("not exercised", exercised), cannot_judge="There is no runbook."
        ),
    }


def documents(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    practice = facts.people.practice
    if practice is None or not any(each.kind in _TITLES for each in practice.written):
        return {}
    if not practice.is_written:
        return {}
    missing, overdue = practice.missing(tuple(_TITLES)), practice.overdue(tuple(_TITLES))
    reading = partial(recorded, f"documents:{facts.profile.slug}", now=now)
    return {
        "documents-missing": reading(float(len(missing)), _listed(missing)),
        "documents-overdue": reading(float(len(overdue)), _listed(overdue)),
    }


def _lacking_text(words: str, part: Tally) -> str:
    return f"{words}: {few(part.names)}" if part.names else ""


def _listed(kinds: tuple[str, ...]) -> str:
    return few([_TITLES[kind] for kind in kinds])
