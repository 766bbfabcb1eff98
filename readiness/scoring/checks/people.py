"""p3-role-coverage, p3-training-currency, p3-competency-verified, p3-cross-domain-literacy."""

from datetime import datetime

from readiness.framework.core.definition import Check
from readiness.scoring.core.judge import Reading
from readiness.scoring.facts import EvaluationFacts


def role_coverage(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    return {}


def training(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    return {}


def competency(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    return {}


def literacy(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    return {}
