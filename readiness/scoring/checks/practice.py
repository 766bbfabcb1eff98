"""p3-drill-participation, p3-shared-understanding, p4-runbook-coverage, p4-documentation-currency.

What is recorded is read anew at each evaluation, so readings are dated by the day. As long as nothing of a kind is
recorded at a site, what people attest or record as a fact counts. Details name teams and titles, never persons.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from readiness.evidence.core.proving.values import few
from readiness.framework.core.definition import Check
from readiness.people.core.practice import SMALL_GROUP, Tally
from readiness.people.models import Procedure
from readiness.scoring.core.judge import Reading
from readiness.scoring.core.states import Provenance
from readiness.scoring.facts import EvaluationFacts

_TITLES: Mapping[str, str] = {kind.value: kind.label for kind in Procedure.DOCUMENTS}
"""The core documents; the definition's note lists them."""


def drills(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    practice = facts.people.practice
    if practice is None or not practice.has_drills:
        return {}
    drilled, whole = practice.people_drilled(), practice.cross_domain()
    return {
        "people-drilled": _reading(
            *(facts, now, "drills", drilled.percent),
            f"{drilled.count} of {drilled.total} people on call",
            cannot_judge="" if drilled.total else "Nobody has been on call for 30 days, or will be for 30.",
        ),
        "cross-domain-drills": _reading(
            *(facts, now, "drills", whole.percent),
            f"{whole.count} of {whole.total} drills",
            cannot_judge="" if whole.total else "No drill was held in the last 180 days.",
        ),
    }


def understanding(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    practice = facts.people.practice
    if practice is None or not practice.answers:
        return {}
    agreement, weakest = practice.agreement(), practice.weakest_team()
    few_answered = f"Fewer than {SMALL_GROUP} people{{}} have answered in the last 180 days."
    return {
        "agreement": _reading(
            *(facts, now, "surveys", agreement.percent if agreement else None),
            f"{agreement.count} of {agreement.total} answers" if agreement else "",
            cannot_judge="" if agreement else few_answered.format(""),
        ),
        "weakest-team": _reading(
            *(facts, now, "surveys", weakest[1].percent if weakest else None),
            weakest[0] if weakest else "",
            cannot_judge="" if weakest else few_answered.format(" of each team"),
        ),
    }


def runbooks(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    practice = facts.people.practice
    if practice is None or not practice.rules or not practice.is_written:
        return {}
    critical, every, exercised = (
        practice.with_runbook(critical=True),
        practice.with_runbook(),
        practice.exercised(),
    )
    return {
        "critical-rules": _reading(
            *(facts, now, "runbooks", critical.percent),
            _without("without", critical),
            cannot_judge="" if critical.total else "No alert rule here is marked critical.",
        ),
        "all-rules": _reading(*(facts, now, "runbooks", every.percent), _without("without", every)),
        "exercised": _reading(
            *(facts, now, "runbooks", exercised.percent),
            _without("not exercised", exercised),
            cannot_judge="" if exercised.total else "There is no runbook.",
        ),
    }


def documents(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    practice = facts.people.practice
    if practice is None or not any(each.kind in _TITLES for each in practice.written):
        return {}
    if not practice.is_written:
        return {}
    missing, overdue = practice.missing(tuple(_TITLES)), practice.overdue(tuple(_TITLES))
    return {
        "documents-missing": _reading(*(facts, now, "documents", float(len(missing))), _listed(missing)),
        "documents-overdue": _reading(*(facts, now, "documents", float(len(overdue))), _listed(overdue)),
    }


def _reading(
    facts: EvaluationFacts, now: datetime, prefix: str, value: float | None, detail: str, **more: Any
) -> Reading:
    return Reading(
        value=value,
        taken_at=now.replace(hour=0, minute=0, second=0, microsecond=0),
        provenance=Provenance.DECLARED,
        evidence=f"{prefix}:{facts.profile.slug}",
        detail=detail,
        **more,
    )


def _without(words: str, part: Tally) -> str:
    return f"{words}: {few(part.names)}" if part.names else ""


def _listed(kinds: tuple[str, ...]) -> str:
    return few([_TITLES[kind] for kind in kinds])
