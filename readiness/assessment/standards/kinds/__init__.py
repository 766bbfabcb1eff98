"""The kinds of this room: standards, versions, waivers, deviations, flexible areas and alternatives."""

from readiness.assessment.standards.kinds.conformity import (
    CONFORMANCE_FILTERS,
    CONFORMANCE_VIEWSET,
    DEVIATION,
)
from readiness.assessment.standards.kinds.flexible import ALTERNATIVE, FLEXIBLE
from readiness.assessment.standards.kinds.standards import STANDARD, VERSION
from readiness.assessment.standards.kinds.waivers import WAIVER

KINDS = (VERSION, WAIVER, DEVIATION, FLEXIBLE, ALTERNATIVE, STANDARD)
"""Standards come last: their addresses begin with their key."""

__all__ = [
    "ALTERNATIVE",
    "CONFORMANCE_FILTERS",
    "CONFORMANCE_VIEWSET",
    "DEVIATION",
    "FLEXIBLE",
    "KINDS",
    "STANDARD",
    "VERSION",
    "WAIVER",
]
