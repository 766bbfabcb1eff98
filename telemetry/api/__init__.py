"""The REST endpoints of telemetry: sources, series, queries, rejections and status."""

from django.urls import path

from telemetry.api import viewsets
from telemetry.api.codes import codes
from telemetry.api.query import QueryView
from telemetry.api.status import status
from telemetry.drift.api import InventoryDriftViewSet
from telemetry.imports.kinds import IMPORT_RULE
from telemetry.mapping.kinds import MAPPING_RULE
from telemetry.schedulers.api import SchedulerStateViewSet, scheduler_figures
from telemetry.targets.api import agent_targets
from telemetry.targets.kinds import SCRAPE_TARGET
from telemetry.unit_rules.kinds import UNIT_RULE
from web.rest.viewsets import Router

router = Router()
router.register("sources", viewsets.SourceViewSet)
router.register("series", viewsets.SeriesViewSet)
router.register("flips", viewsets.SourceFlipViewSet)
router.register("rejections", viewsets.RejectionViewSet)
router.register("set-aside", viewsets.InboxBatchViewSet)
router.register("drifts", InventoryDriftViewSet)
router.register("scheduler-states", SchedulerStateViewSet)
router.register("batch-decisions", viewsets.BatchDecisionViewSet)
router.register(SCRAPE_TARGET.plural, SCRAPE_TARGET.viewset)
router.register(IMPORT_RULE.plural, IMPORT_RULE.viewset)
router.register(UNIT_RULE.plural, UNIT_RULE.viewset)
router.register(MAPPING_RULE.plural, MAPPING_RULE.viewset)

urlpatterns = [
    path("agent-targets/", agent_targets, name="telemetry-api-agent-targets"),
    path("codes/", codes, name="telemetry-api-codes"),
    path("query/", QueryView.as_view(), name="telemetry-api-query"),
    path("scheduler-figures/", scheduler_figures, name="telemetry-api-scheduler-figures"),
    path("status/", status, name="telemetry-api-status"),
    *router.urls,
]
