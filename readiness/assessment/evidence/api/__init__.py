"""Endpoints of evidence: validation runs, attestations, recorded facts, limits, floors, rules for test reports."""

from readiness.assessment.evidence.api.records import (
    AttestationViewSet,
    DeclaredLimitViewSet,
    FloorViewSet,
    RecordedFactViewSet,
)
from readiness.assessment.evidence.api.runs import ValidationRunViewSet
from readiness.assessment.evidence.kinds import RULES
from web.rest.viewsets import Router

router = Router()
router.register("validation-runs", ValidationRunViewSet)
router.register("attestations", AttestationViewSet)
router.register("facts", RecordedFactViewSet)
router.register("limits", DeclaredLimitViewSet)
router.register("floors", FloorViewSet)
router.register("report-rules", RULES.viewset)
