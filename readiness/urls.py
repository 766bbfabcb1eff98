"""Addresses of the rooms, from the top floor down."""

from django.urls import include, path

from readiness.assessment.evidence.api import router as evidence_api
from readiness.boards.gap.api import gap, gap_closing
from readiness.boards.urls import router as boards_api
from readiness.demand.jurisdiction.api import router as jurisdiction_api
from readiness.demand.workloads.api import router as workloads_api
from readiness.demand.workloads.api import tradeoffs_router as workloads_tradeoffs_api
from readiness.golive.api import router as golive_api
from readiness.organisation.ownership.api import ownership_gaps
from readiness.organisation.ownership.api import router as ownership_api
from readiness.organisation.people.api import cover_list, coverage, duty_list, people_of_user
from readiness.organisation.people.api import router as people_api
from readiness.organisation.people.erasure.api import traces
from readiness.organisation.people.ics import OwnShiftsFileView, RotationFileView
from readiness.organisation.people.urls import own as own_person
from readiness.tradeoffs.decisions.api import router as decisions_api
from readiness.tradeoffs.factors.api import router as tradeoffs_api
from readiness.tradeoffs.flexibility.api import flexibility
from readiness.tradeoffs.placing.api import PlacementsView
from readiness.tradeoffs.portfolios.api import router as portfolios_api
from readiness.tradeoffs.windows.api import windows
from web.rest.viewsets import Router

# Rooms share one router for each address, so that its root lists all their endpoints.
api = Router()
for room in (boards_api, golive_api, evidence_api, workloads_api):
    api.registry.extend(room.registry)
tradeoffs = Router()
for room in (tradeoffs_api, portfolios_api, decisions_api, workloads_tradeoffs_api, jurisdiction_api):
    tradeoffs.registry.extend(room.registry)

urlpatterns = [
    path("api/readiness/", include(api.urls)),
    path("api/readiness/gap/", gap, name="readiness-gap"),
    path("api/readiness/gap/closing/", gap_closing, name="readiness-gap-closing"),
    path("api/tradeoffs/placements/", PlacementsView.as_view(), name="tradeoffs-place"),
    path("api/tradeoffs/flexibility/", flexibility, name="tradeoffs-flexibility"),
    path("api/tradeoffs/windows/", windows, name="tradeoffs-windows"),
    path("api/tradeoffs/", include(tradeoffs.urls)),
    path("api/ownership/gaps/", ownership_gaps, name="ownership-gaps"),
    path("api/ownership/", include(ownership_api.urls)),
    path("tradeoffs/rules/", include("readiness.demand.jurisdiction.urls")),
    path("api/people/own/", people_of_user, name="people-own"),
    path("api/people/traces/", traces, name="people-traces"),
    path("api/people/oncall/", duty_list, name="people-oncall"),
    path("api/people/cover/", cover_list, name="people-cover"),
    path("api/people/own-shifts.ics", OwnShiftsFileView.as_view(), name="own-shifts-ics"),
    path("api/people/rotations/<slug:slug>.ics", RotationFileView.as_view(), name="rotation-ics"),
    path("api/people/coverage/", coverage, name="people-coverage"),
    path("api/people/", include(people_api.urls)),
    path("settings/person/", include(own_person)),
    path("ownership/", include("readiness.organisation.ownership.urls")),
    path("people/", include("readiness.organisation.people.urls")),
    path("readiness/framework/", include("readiness.assessment.framework.urls")),
    path("tradeoffs/workloads/", include("readiness.demand.workloads.urls")),
    path("tradeoffs/", include("readiness.tradeoffs.urls")),
    path("decisions/", include("readiness.tradeoffs.decisions.urls")),
    path("evidence/", include("readiness.assessment.evidence.urls")),
    path("readiness/", include("readiness.golive.urls")),
    path("demo/", include("readiness.demo.urls")),
    path("", include("readiness.boards.urls")),
]
