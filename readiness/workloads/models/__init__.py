"""Workload classes with their envelopes, the user regions they serve, and where they are placed."""

from readiness.workloads.models.choices import (
    CostUnitChoices,
    CriticalityChoices,
    DataCategoryChoices,
    MinVerdict,
    WorkloadKindChoices,
)
from readiness.workloads.models.classes import WorkloadClass
from readiness.workloads.models.demand import AcceleratorDemand, ServedRegion, UserRegion
from readiness.workloads.models.placements import Placement, PlacementQuerySet
from readiness.workloads.models.validity import EnvelopeConfirmation

__all__ = [
    "AcceleratorDemand",
    "CostUnitChoices",
    "CriticalityChoices",
    "DataCategoryChoices",
    "EnvelopeConfirmation",
    "MinVerdict",
    "Placement",
    "PlacementQuerySet",
    "ServedRegion",
    "UserRegion",
    "WorkloadClass",
    "WorkloadKindChoices",
]
