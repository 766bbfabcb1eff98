"""p3-drill-participation, p3-shared-understanding, p4-runbook-coverage, p4-documentation-currency."""

from datetime import datetime

from readiness.framework.core.definition import Check
from readiness.scoring.core.judge import Reading
from readiness.scoring.facts import EvaluationFacts


def drills(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    return {}


def understanding(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    return {}


def runbooks(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    return {}


def documents(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    return {}
