"""Addresses of the pages and endpoints of this room; the figures of charts have their own addresses."""

from django.urls import path

from readiness.boards.alerts import views as alerts
from readiness.boards.calibration import views as calibration
from readiness.boards.capability import api as capability_api
from readiness.boards.capability import views as capability
from readiness.boards.checks import views as checks
from readiness.boards.cover import views as cover
from readiness.boards.determinism import views as determinism
from readiness.boards.determinism.api import DeterminismViewSet
from readiness.boards.digests import views as digests
from readiness.boards.dry_run import views as dry_run
from readiness.boards.dry_run.api import FrameworkViewSet
from readiness.boards.events import views as events
from readiness.boards.explain import api as explain_api
from readiness.boards.explain import views as explain
from readiness.boards.feedback import views as feedback
from readiness.boards.fleet import views as fleet
from readiness.boards.gap import views as gap
from readiness.boards.heat import views as heat
from readiness.boards.home import api as home_api
from readiness.boards.home import views as home
from readiness.boards.interop import views as interop
from readiness.boards.interop.api import InteropViewSet
from readiness.boards.matrix import views as matrix
from readiness.boards.matrix.api import MatrixViewSet
from readiness.boards.packs import views as packs
from readiness.boards.power import views as power
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
from readiness.boards.road import api as road_api
from readiness.boards.road import planning as road_planning
from readiness.boards.road import views as road
from readiness.boards.site import views as site
from readiness.boards.sites import views as sites
from readiness.boards.timeline import views as timeline
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

ALERT = "alerts/<int:pk>/"
SITE = "sites/<slug:slug>/"
VERSION = "readiness/framework/<int:pk>/"

urlpatterns = [
    path("timeline/", timeline.timeline, name="timeline"),
    path("", home.home, name="home"),
    path("inbox/", home.inbox, name="inbox"),
    path("api/inbox/", home_api.inbox, name="inbox-api"),
    path("digests/", digests.page, name="digests"),
    path("digests/digest.pdf", digests.pdf, name="digest-pdf"),
    path("charts/events.json", events.events, name="chart-events"),
    path("findings/help/", feedback.page, name="feedback"),
    path("findings/help/backlog.<str:form>", feedback.chart, name="feedback-chart"),
    path("fleet/", fleet.overview, name="fleet"),
    path("fleet/charts/gap.<str:form>", fleet.gap_chart, name="fleet-gap-chart"),
    path("fleet/charts/gap-by-site.<str:form>", fleet.gap_by_site_chart, name="fleet-gap-by-site-chart"),
    path("problems/", problems.page, name="problems"),
    path("problems/charts/figure.<str:form>", problems.figure_chart, name="problem-figure-chart"),
    path("problems/objects/", problem_objects.page, name="problem-objects"),
    path("problems/reasons/<int:pk>/end/", problem_objects.end, name="reason-end"),
    path("api/readiness/problems/", problems_api.listed, name="scoring-api-problems"),
    path(ALERT, alerts.alert, name="alert"),
    path(ALERT + "acknowledge/", alerts.acknowledge, name="alert-acknowledge"),
    path(ALERT + "assign/", alerts.assign, name="alert-assign"),
    path(ALERT + "comment/", alerts.comment, name="alert-comment"),
    path(ALERT + "end/", alerts.end, name="alert-end"),
    path(ALERT + "incident/", alerts.link_incident, name="alert-link-incident"),
    path("sites/", sites.sites, name="sites"),
    path(SITE, site.page, name="site"),
    path(SITE + "evaluate/", site.evaluate_now, name="site-evaluate"),
    path(SITE + "charts/series.<str:form>", site.series_chart, name="site-series-chart"),
    path(SITE + "charts/heat.<str:form>", heat.heat_chart, name="site-heat-chart"),
    path(SITE + "pack/", packs.page, name="site-pack"),
    path(SITE + "pack.pdf", packs.pdf, name="site-pack-pdf"),
    path(SITE + "power/", power.page, name="site-power"),
    path(SITE + "checks/<slug:check_id>/", checks.site_check, name="site-check"),
    path(
        SITE + "checks/<slug:check_id>/charts/trend.<str:form>",
        checks.trend_chart,
        name="site-check-trend-chart",
    ),
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
    path(
        "readiness/checks/<slug:check_id>/charts/trend.<str:form>",
        checks.weeks_chart,
        name="check-trend-chart",
    ),
    path("readiness/calibration/", calibration.page, name="calibration"),
    path("readiness/road/", road.page, name="road"),
    path("readiness/road/road.pdf", road.pdf, name="road-pdf"),
    path("readiness/road/plan/", road_planning.put_on_worklist, name="road-plan"),
    path("readiness/road/plans/<int:pk>/remove/", road_planning.remove, name="road-plan-remove"),
    path("readiness/road/charts/months.<str:form>", road.months_chart, name="road-chart"),
    path("api/readiness/road/", road_api.road, name="readiness-road"),
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
