"""p3-role-coverage, p3-training-currency, p3-competency-verified, p3-cross-domain-literacy: what Muster's records of
people, their skills and their training come to.

Readings name skills and counts, never people: everybody who sees the check reads them. Where nobody recorded anything
there are none, and what people enter counts.
"""

from datetime import datetime

from readiness.framework.core.definition import Check
from readiness.people.core import coverage as core
from readiness.people.core.coverage import PeopleShare, SiteCoverage
from readiness.scoring.checks.records import recorded
from readiness.scoring.core.judge import Reading
from readiness.scoring.facts import EvaluationFacts

QUALIFIED, TRAINING = "qualified", "training"
"""References to records of people begin so; the site's slug follows."""
NOBODY_ON_CALL = "Nobody is on call for the site."
NOTHING_ASKED = "No rule asks the people on call for a skill on a vendor's equipment."


def role_coverage(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    coverage = _staffed(facts)
    weakest = core.weakest(coverage) if coverage else None
    if coverage is None or weakest is None:
        return {}
    asked = weakest.requirement
    short = sum(each.is_short for each in coverage.requirements)
    detail = f"{asked.skill_name} at level {asked.level}, for {asked.because}"
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


def _share(
    facts: EvaluationFacts, source: str, share: PeopleShare | None, now: datetime, otherwise: str
) -> Reading:
    return recorded(
        f"{source}:{facts.profile.slug}",
        share.percent if share else None,
        f"{share.count} of {share.of} people" if share else "",
        now=now,
        cannot_judge=otherwise,
    )
