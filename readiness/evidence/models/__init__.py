"""Evidence of a check: daily measures, validation runs, attestations, recorded facts, and limits and floors."""

from readiness.evidence.models.days import Measure, MeasuredDay
from readiness.evidence.models.floors import Floor
from readiness.evidence.models.limits import DeclaredLimit
from readiness.evidence.models.records import Attestation, RecordedFact
from readiness.evidence.models.runs import RunDevice, RunFile, RunMeasure, Tool, ValidationRun
from readiness.evidence.models.voidable import Voidable

__all__ = [
    "Attestation",
    "DeclaredLimit",
    "Floor",
    "Measure",
    "MeasuredDay",
    "RecordedFact",
    "RunDevice",
    "RunFile",
    "RunMeasure",
    "Tool",
    "ValidationRun",
    "Voidable",
]
