"""Pages of duties and certificates, under /standards/, and their endpoints under /api/readiness/."""

from django.urls import path

from readiness.assessment.duties.energy_report import energy_report
from readiness.assessment.duties.kinds import (
    CERTIFICATE,
    DUTY_ENTRY,
    DUTY_PROFILE,
    ENERGY_FIGURE,
    KINDS,
    LEGAL_DUTY,
)
from web.kinds.addresses import addresses
from web.rest.viewsets import Router

router = Router()
router.register("duties", DUTY_ENTRY.viewset)
router.register("legal-duties", LEGAL_DUTY.viewset)
router.register("duty-profiles", DUTY_PROFILE.viewset)
router.register("certificates", CERTIFICATE.viewset)
router.register("energy-figures", ENERGY_FIGURE.viewset)

urlpatterns = [
    path("duties/energy-report/", energy_report, name="energy-report"),
    *(address for kind in KINDS for address in addresses(kind)),
]
