from readiness.assessment.standards.models.conformity import Conformance, Deviation
from readiness.assessment.standards.models.flexible import Alternative, FlexibleArea
from readiness.assessment.standards.models.standards import Standard, StandardVersion
from readiness.assessment.standards.models.waivers import DeviationWaiver, WaiverStanding

__all__ = [
    "Alternative",
    "Conformance",
    "Deviation",
    "DeviationWaiver",
    "FlexibleArea",
    "Standard",
    "StandardVersion",
    "WaiverStanding",
]
