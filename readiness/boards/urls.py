"""Addresses of the pages and endpoints of this room; the figures of charts have their own addresses."""

from django.urls import path

from readiness.boards.calibration import views as calibration
from readiness.boards.capability import api as capability_api
from readiness.boards.capability import views as capability
from readiness.boards.checks import views as checks
from readiness.boards.cover import views as cover
from readiness.boards.determinism import views as determinism
from readiness.boards.determinism.api import DeterminismViewSet
from readiness.boards.dry_run import views as dry_run
from readiness.boards.dry_run.api import FrameworkViewSet
from readiness.boards.explain import api as explain_api
from readiness.boards.explain import views as explain
from readiness.boards.fleet import views as fleet
from readiness.boards.gap import views as gap
from readiness.boards.home import api as home_api
from readiness.boards.home import views as home
from readiness.boards.interop import views as interop
from readiness.boards.interop.api import InteropViewSet
from readiness.boards.matrix import views as matrix
from readiness.boards.matrix.api import MatrixViewSet
from readiness.boards.packs import views as packs
from readiness.boards.problems import api as problems_api
from readiness.boards.problems import objects as problem_objects
from readiness.boards.problems import views as problems
from readiness.boards.results.api import (
    DomainHealthViewSet,
    FlipViewSet,
    HealthReasonViewSet,
    ResultViewSet,
    ScorePointViewSet,
    ScoreViewSet,
)
from readiness.boards.site import views as site
from readiness.boards.sites import views as sites
from readiness.boards.trends import views as trends
from readiness.boards.waivers import views as waivers
from readiness.boards.waivers.api import GrantViewSet
from web.rest.viewsets import Router

router = Router()
router.register("scores", ScoreViewSet)
router.register("results", ResultViewSet)
router.register("health", DomainHealthViewSet)
router.register("reasons", HealthReasonViewSet)
router.register("matrix", MatrixViewSet, basename="scoring-api-matrix")
router.register("flips", FlipViewSet)
router.register("score-points", ScorePointViewSet)
router.register("waivers", GrantViewSet)
router.register("frameworks", FrameworkViewSet)
router.register("interop", InteropViewSet, basename="interop-api")
router.register("determinism", DeterminismViewSet, basename="determinism-api")

SITE = "sites/<slug:slug>/"
VERSION = "readiness/framework/<int:pk>/"

urlpatterns = [
    path("", home.home, name="home"),
    path("inbox/", home.inbox, name="inbox"),
    path("api/inbox/", home_api.inbox, name="inbox-api"),
    path("fleet/", fleet.overview, name="fleet"),
    path("fleet/charts/gap.<str:form>", fleet.gap_chart, name="fleet-gap-chart"),
    path("fleet/charts/gap-by-site.<str:form>", fleet.gap_by_site_chart, name="fleet-gap-by-site-chart"),
    path("problems/", problems.page, name="problems"),
    path("problems/charts/figure.<str:form>", problems.figure_chart, name="problem-figure-chart"),
    path("problems/objects/", problem_objects.page, name="problem-objects"),
    path("problems/reasons/<int:pk>/end/", problem_objects.end, name="reason-end"),
    path("api/readiness/problems/", problems_api.listed, name="scoring-api-problems"),
    path("sites/", sites.sites, name="sites"),
    path(SITE, site.page, name="site"),
    path(SITE + "evaluate/", site.evaluate_now, name="site-evaluate"),
    path(SITE + "charts/series.<str:form>", site.series_chart, name="site-series-chart"),
    path(SITE + "pack/", packs.page, name="site-pack"),
    path(SITE + "pack.pdf", packs.pdf, name="site-pack-pdf"),
    path(SITE + "checks/<slug:check_id>/", checks.site_check, name="site-check"),
    path(SITE + "determinism/", determinism.site, name="site-determinism"),
    path(
        SITE + "determinism/charts/percentiles.<str:form>",
        determinism.percentiles_chart,
        name="site-determinism-percentiles-chart",
    ),
    path(
        SITE + "determinism/charts/history.<str:form>",
        determinism.history_chart,
        name="site-determinism-history-chart",
    ),
    path(SITE + "interop/", interop.site, name="site-interop"),
    path("readiness/", matrix.matrix, name="readiness"),
    path("readiness/report/", matrix.report, name="readiness-report"),
    path("readiness/checks/", checks.overview, name="checks"),
    path("readiness/checks/<slug:check_id>/", checks.check, name="check"),
    path("readiness/calibration/", calibration.page, name="calibration"),
    path("readiness/gap/", gap.page, name="gap"),
    path("readiness/gap/charts/over-time.<str:form>", gap.history_chart, name="gap-over-time-chart"),
    path("readiness/gap/charts/by-group.<str:form>", gap.group_chart, name="gap-by-group-chart"),
    path("readiness/gap/charts/closing.<str:form>", gap.closing_chart, name="gap-closing-chart"),
    path("people/cover/", cover.page, name="cover"),
    path("people/gap/", capability.page, name="capability"),
    path("people/gap/plan/", capability.plan, name="capability-plan"),
    path("people/gap/chart.<str:form>", capability.chart, name="capability-chart"),
    path("api/people/gap/", capability_api.gap, name="people-gap"),
    path("readiness/interop/", interop.fleet, name="interop"),
    path("readiness/determinism/", determinism.fleet, name="determinism"),
    path("readiness/determinism/charts/tails.<str:form>", determinism.tails_chart, name="determinism-chart"),
    path("readiness/explain/", explain.page, name="explain"),
    path("readiness/explain/chart.<str:form>", explain.chart, name="explain-chart"),
    path("api/readiness/explain/", explain_api.explain, name="scoring-api-explain"),
    path("readiness/trends/", trends.page, name="trends"),
    path("readiness/trends/chart.<str:form>", trends.chart, name="trends-chart"),
    path(VERSION + "dry-run/", dry_run.page, name="framework-dry-run"),
    path(VERSION + "dry-run/start/", dry_run.start, name="framework-dry-run-start"),
    path(VERSION + "publish/", dry_run.publish, name="framework-publish"),
    path(VERSION + "roll-back/", dry_run.roll_back, name="framework-roll-back"),
    path("waivers/", waivers.waivers, name="waivers"),
    path("waivers/ageing/", waivers.ageing, name="waivers-ageing"),
    path("waivers/request/", waivers.ask, name="waiver-request"),
    path("waivers/<int:pk>/", waivers.STEPS.object_page, name="waiver"),
    *waivers.STEPS.routes("waivers/<int:pk>/"),
]
