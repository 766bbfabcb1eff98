"""Workload classes with their envelopes, the user regions they serve, and where they are placed."""

from readiness.workloads.models.choices import CostUnit, Criticality, DataCategory, Kind, MinVerdict
from readiness.workloads.models.classes import WorkloadClass
from readiness.workloads.models.demand import AcceleratorDemand, ServedRegion, UserRegion
from readiness.workloads.models.placements import Placement, PlacementQuerySet
from readiness.workloads.models.validity import EnvelopeConfirmation

__all__ = [
    "AcceleratorDemand",
    "CostUnit",
    "Criticality",
    "DataCategory",
    "EnvelopeConfirmation",
    "Kind",
    "MinVerdict",
    "Placement",
    "PlacementQuerySet",
    "ServedRegion",
    "UserRegion",
    "WorkloadClass",
]
