"""Pages and endpoints of findings and joint reviews, under /findings/ and /api/loop/."""

from readiness.loop.findings.joint.kinds import JOINT_REVIEW
from readiness.loop.findings.kinds import FINDING
from web.kinds.addresses import addresses
from web.rest.viewsets import Router

router = Router()
router.register("findings", FINDING.viewset)
router.register("reviews", JOINT_REVIEW.viewset)

urlpatterns = [*addresses(JOINT_REVIEW), *addresses(FINDING)]
