"""Evidence of a check: daily measures, runs, attestations, recorded facts, go-live reviews, limits, floors, rules for
test reports."""

from readiness.assessment.evidence.models.meters import MeterContradiction
from readiness.assessment.evidence.models.records import Attestation, DeclaredLimit, RecordedFact, Voidable
from readiness.assessment.evidence.models.reviews import Review, ReviewAction, SigningDomain, SignOff
from readiness.assessment.evidence.models.rules import ReportRule
from readiness.assessment.evidence.models.runs import (
    Floor,
    Measure,
    MeasuredDay,
    RunDevice,
    RunFile,
    RunMeasure,
    Tool,
    ValidationRun,
)
