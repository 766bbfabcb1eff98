"""The kinds of evidence: runs, facts, attestations, limits, floors, rules for test reports."""

from readiness.assessment.evidence.kinds.limits import LIMITS
from readiness.assessment.evidence.kinds.records import ATTESTATIONS, FACTS
from readiness.assessment.evidence.kinds.rules import RULES
from readiness.assessment.evidence.kinds.runs import FLOORS, RUNS

KINDS = (RUNS, FACTS, ATTESTATIONS, LIMITS, FLOORS, RULES)
