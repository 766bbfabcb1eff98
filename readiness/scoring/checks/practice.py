"""p3-drill-participation, p3-shared-understanding, p4-runbook-coverage, p4-documentation-currency.

What is recorded is read anew at each evaluation, so readings are dated by the day. As long as nothing of a kind is
recorded at a site, what people attest or record as a fact counts. Details name teams and titles, never persons.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from readiness.evidence.core.proving.values import few
from readiness.framework.core.definition import Check
from readiness.people.core.practice import SMALL_GROUP, Tally
from readiness.people.models import Procedure
from readiness.scoring.checks.records import recorded
from readiness.scoring.core.judge import Reading
from readiness.scoring.facts import EvaluationFacts

_TITLES: Mapping[str, str] = {kind.value: kind.label for kind in Procedure.DOCUMENTS}
"""The core documents; the definition's note lists them."""


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
    critical, every = practice.with_runbook(critical=True), practice.with_runbook()
    exercised = practice.exercised()
    reading = partial(recorded, f"runbooks:{facts.profile.slug}", now=now)
    return {
        "critical-rules": reading(
            critical.percent,
            _without("without", critical),
            cannot_judge="No alert rule here is marked critical.",
        ),
        "all-rules": reading(every.percent, _without("without", every)),
        "exercised": reading(
            exercised.percent, _without("not exercised", exercised), cannot_judge="There is no runbook."
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


def _without(words: str, part: Tally) -> str:
    return f"{words}: {few(part.names)}" if part.names else ""


def _listed(kinds: tuple[str, ...]) -> str:
    return few([_TITLES[kind] for kind in kinds])
