"""Pages of incidents, under /incidents/, and their endpoints, under /api/loop/."""

from django.urls import URLPattern

from readiness.loop.incidents.kinds import ESCAPE, INCIDENT
from web.kinds.addresses import addresses
from web.rest.viewsets import Router

router = Router()
router.register("incidents", INCIDENT.viewset)
router.register("incident-escapes", ESCAPE.viewset)

urlpatterns: list[URLPattern] = [*addresses(ESCAPE), *addresses(INCIDENT)]
