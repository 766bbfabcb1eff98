"""Pages that show verdicts: the fleet, its sites, and the checks. The figures of charts have addresses of
their own."""

from django.urls import include, path

from readiness.boards.determinism import views as determinism
from readiness.boards.gap import views as gap
from readiness.boards.interop import views as interop
from readiness.boards.views import checks, fleet, site

urlpatterns = [
    path("", fleet.overview, name="fleet"),
    path("charts/gap.<str:form>", fleet.gap_chart, name="fleet-gap-chart"),
    path("charts/gap-by-site.<str:form>", fleet.gap_by_site_chart, name="fleet-gap-by-site-chart"),
    path("sites/", fleet.sites, name="sites"),
    path("sites/<slug:slug>/", site.page, name="site"),
    path("sites/<slug:slug>/evaluate/", site.evaluate_now, name="site-evaluate"),
    path("sites/<slug:slug>/charts/series.<str:form>", site.series_chart, name="site-series-chart"),
    path("sites/<slug:slug>/charts/pillars.<str:form>", site.pillars_chart, name="site-pillars-chart"),
    path("sites/<slug:slug>/", include("readiness.boards.packs.urls")),
    path("sites/<slug:slug>/checks/<slug:check_id>/", checks.site_check, name="site-check"),
    path("readiness/", include("readiness.boards.matrix.urls")),
    path("readiness/checks/", checks.overview, name="checks"),
    path("readiness/gap/", gap.page, name="gap"),
    path("readiness/gap/charts/over-time.<str:form>", gap.over_time_chart, name="gap-over-time-chart"),
    path("readiness/gap/charts/by-group.<str:form>", gap.by_group_chart, name="gap-by-group-chart"),
    path("readiness/gap/charts/closing.<str:form>", gap.closing_chart, name="gap-closing-chart"),
    path("sites/<slug:slug>/determinism/", determinism.site, name="site-determinism"),
    path(
        "sites/<slug:slug>/determinism/charts/percentiles.<str:form>",
        determinism.percentiles_chart,
        name="site-determinism-percentiles-chart",
    ),
    path(
        "sites/<slug:slug>/determinism/charts/history.<str:form>",
        determinism.history_chart,
        name="site-determinism-history-chart",
    ),
    path("sites/<slug:slug>/interop/", interop.site, name="site-interop"),
    path("readiness/interop/", interop.fleet, name="interop"),
    path("readiness/determinism/", include("readiness.boards.determinism.urls")),
    path("readiness/checks/<slug:check_id>/", checks.check, name="check"),
    path("", include("readiness.boards.explain.urls")),
    path("readiness/trends/", include("readiness.boards.trends.urls")),
    path("readiness/framework/<int:pk>/", include("readiness.boards.dry_run.urls")),
    path("waivers/", include("readiness.boards.waivers.urls")),
]
