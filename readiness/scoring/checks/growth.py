"""p3-capability-gap."""

from datetime import datetime

from readiness.framework.core.definition import Check
from readiness.scoring.core.judge import Reading
from readiness.scoring.facts import EvaluationFacts


def capability_gap(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    return {}
