"""Addresses of the rooms, from the top floor down."""

from django.urls import include, path

from readiness.assessment.duties.urls import router as duties_api
from readiness.assessment.evidence.api import router as evidence_api
from readiness.assessment.standards.urls import router as standards_api
from readiness.boards.gap.api import gap, gap_closing
from readiness.boards.timeline.api import timeline
from readiness.boards.urls import router as boards_api
from readiness.demand.jurisdiction.api import router as jurisdiction_api
from readiness.demand.workloads.api import router as workloads_api
from readiness.demand.workloads.api import tradeoffs_router as workloads_tradeoffs_api
from readiness.golive.api import router as golive_api
from readiness.loop.actions.urls import router as actions_api
from readiness.loop.alerts.heartbeat.urls import router as heartbeat_api
from readiness.loop.alerts.inbound.urls import router as inbound_api
from readiness.loop.alerts.inbound.urls import webhooks
from readiness.loop.alerts.life.urls import router as alerts_api
from readiness.loop.alerts.silencing.urls import router as silencing_api
from readiness.loop.alerts.telling.urls import router as telling_api
from readiness.loop.findings.urls import router as findings_api
from readiness.loop.incidents.urls import router as incidents_api
from readiness.loop.lessons.urls import router as lessons_api
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
from web.delivery.api import router as deliveries_api
from web.delivery.channels.api import router as channels_api
from web.rest.viewsets import Router

# Rooms share one router for each address, so that its root lists all their endpoints.
api = Router()
for room in (boards_api, golive_api, evidence_api, workloads_api, duties_api, standards_api):
    api.registry.extend(room.registry)
tradeoffs = Router()
for room in (tradeoffs_api, portfolios_api, decisions_api, workloads_tradeoffs_api, jurisdiction_api):
    tradeoffs.registry.extend(room.registry)
loop = Router()
for room in (
    alerts_api,
    silencing_api,
    channels_api,
    deliveries_api,
    inbound_api,
    heartbeat_api,
    telling_api,
    incidents_api,
    lessons_api,
    actions_api,
    findings_api,
):
    loop.registry.extend(room.registry)

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
    *webhooks,
    path("api/loop/timeline/", timeline, name="loop-timeline"),
    path("api/loop/", include(loop.urls)),
    path("inbound/", include("readiness.loop.alerts.heartbeat.urls")),
    path("inbound/", include("readiness.loop.alerts.inbound.urls")),
    path("silences/", include("readiness.loop.alerts.silencing.urls")),
    path("tradeoffs/rules/", include("readiness.demand.jurisdiction.urls")),
    path("api/people/own/", people_of_user, name="people-own"),
    path("api/people/traces/", traces, name="people-traces"),
    path("api/people/oncall/", duty_list, name="people-oncall"),
    path("api/people/cover/", cover_list, name="people-cover"),
    path("api/people/own-shifts.ics", OwnShiftsFileView.as_view(), name="own-shifts-ics"),
    path("api/people/rotations/<slug:slug>.ics", RotationFileView.as_view(), name="rotation-ics"),
    path("api/people/coverage/", coverage, name="people-coverage"),
    path("api/people/", include(people_api.urls)),
    path("alerts/", include("readiness.loop.alerts.life.urls")),
    path("actions/", include("readiness.loop.actions.urls")),
    path("incidents/", include("readiness.loop.incidents.urls")),
    path("lessons/", include("readiness.loop.lessons.urls")),
    path("findings/", include("readiness.loop.findings.urls")),
    path("", include("readiness.loop.alerts.telling.urls")),
    path("settings/person/", include(own_person)),
    path("ownership/", include("readiness.organisation.ownership.urls")),
    path("people/", include("readiness.organisation.people.urls")),
    path("readiness/framework/", include("readiness.assessment.framework.urls")),
    path("tradeoffs/workloads/", include("readiness.demand.workloads.urls")),
    path("tradeoffs/", include("readiness.tradeoffs.urls")),
    path("decisions/", include("readiness.tradeoffs.decisions.urls")),
    path("standards/", include("readiness.assessment.duties.urls")),
    path("evidence/", include("readiness.assessment.evidence.urls")),
    path("standards/", include("readiness.boards.standards.urls")),
    path("standards/", include("readiness.assessment.standards.urls")),
    path("readiness/", include("readiness.golive.urls")),
    path("demo/", include("readiness.demo.urls")),
    path("", include("readiness.boards.urls")),
]
