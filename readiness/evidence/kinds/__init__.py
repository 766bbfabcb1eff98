"""The kinds of evidence: runs, facts, attestations, limits, floors, rules for test reports."""

from readiness.evidence.kinds.limits import LIMITS
from readiness.evidence.kinds.records import ATTESTATIONS, FACTS
from readiness.evidence.kinds.rules import RULES
from readiness.evidence.kinds.runs import FLOORS, RUNS

KINDS = (RUNS, FACTS, ATTESTATIONS, LIMITS, FLOORS, RULES)
