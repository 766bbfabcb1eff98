"""Evidence of a check: daily measures, runs, attestations, recorded facts, go-live reviews, limits and floors."""

from readiness.evidence.models.days import Measure, MeasuredDay
from readiness.evidence.models.records import Attestation, DeclaredLimit, RecordedFact
from readiness.evidence.models.reviews import Review, ReviewAction, SigningDomain, SignOff
from readiness.evidence.models.runs import Floor, RunDevice, RunFile, RunMeasure, Tool, ValidationRun
from readiness.evidence.models.voidable import Voidable
