"""Writing workload classes with their envelopes, confirming them, and placing them."""

from readiness.workloads.operations.declaring import change, checked, confirm, declare, remove
from readiness.workloads.operations.importing import import_workloads
from readiness.workloads.operations.placing import end_placement, place

__all__ = [
    "change",
    "checked",
    "confirm",
    "declare",
    "end_placement",
    "import_workloads",
    "place",
    "remove",
]
