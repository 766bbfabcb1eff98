"""Pages of standards, under /standards/; fixed addresses come before those of a standard."""

from readiness.assessment.standards.kinds import (
    ALTERNATIVE,
    CONFORMANCE_VIEWSET,
    DEVIATION,
    FLEXIBLE,
    KINDS,
    STANDARD,
    VERSION,
    WAIVER,
)
from web.kinds.addresses import addresses
from web.rest.viewsets import Router

router = Router()
router.register("standards", STANDARD.viewset)
router.register("standard-versions", VERSION.viewset)
router.register("conformance", CONFORMANCE_VIEWSET)
router.register("deviations", DEVIATION.viewset)
router.register("deviation-waivers", WAIVER.viewset)
router.register("flexible-areas", FLEXIBLE.viewset)
router.register("alternatives", ALTERNATIVE.viewset)

urlpatterns = [*(address for kind in KINDS for address in addresses(kind))]
