"""Addresses of the telemetry app."""

from django.urls import include, path

from telemetry import api
from telemetry.drift import views as drift
from telemetry.explore import views as explore
from telemetry.imports import views as files
from telemetry.imports.kinds import IMPORT_RULE
from telemetry.kinds import SOURCES
from telemetry.mapping.kinds import MAPPING_RULE
from telemetry.targets.kinds import SCRAPE_TARGET
from telemetry.unit_rules.kinds import UNIT_RULE
from telemetry.views import ingest, set_aside, sources, status
from telemetry.views.write import write
from web.kinds.addresses import addresses

KINDS = (SOURCES, SCRAPE_TARGET, IMPORT_RULE, UNIT_RULE, MAPPING_RULE)

urlpatterns = [
    path("api/v1/write", write, name="write"),
    path("api/telemetry/import/", write, name="import-samples"),
    path("otlp/v1/metrics", write, name="write-points"),
    path("api/telemetry/", include(api.urlpatterns)),
    path("telemetry/", ingest.overview, name="ingest"),
    path("telemetry/status/", status.page, name="muster-status"),
    path("telemetry/series/", ingest.series, name="series-list"),
    path("telemetry/unmatched/", ingest.unmatched, name="series-unmatched"),
    path("telemetry/set-aside/retry-all/", set_aside.retry_all, name="set-aside-retry-all"),
    path("telemetry/set-aside/<int:pk>/retry/", set_aside.retry, name="set-aside-retry"),
    path("telemetry/set-aside/<int:pk>/discard/", set_aside.discard, name="set-aside-discard"),
    path("telemetry/explore/", explore.page, name="explore"),
    path("telemetry/explore/chart.json", explore.chart, name="explore-chart"),
    path("telemetry/explore/tree/", explore.tree, name="explore-tree"),
    path("telemetry/explore/series.csv", explore.csv_file, name="explore-csv"),
    path("telemetry/drift/", drift.drifts, name="drifts"),
    path("telemetry/drift/<int:pk>/", drift.STEPS.object_page, name="drift"),
    path("telemetry/drift/", include(drift.STEPS.routes())),
    path("telemetry/", include([route for kind in KINDS for route in addresses(kind)])),
    path("telemetry/sources/<int:pk>/", sources.page, name="source"),
    path("telemetry/sources/<int:pk>/import/", files.upload, name="source-import"),
    path("telemetry/sources/<int:pk>/import/<int:file>/", files.page, name="source-file"),
    path("telemetry/sources/<int:pk>/first-sample/", sources.first_sample, name="source-first-sample"),
    path("telemetry/replicas/<int:pk>/remove/", sources.remove_replica, name="source-replica-remove"),
    path(
        "telemetry/sources/<int:pk>/charts/activity.json",
        sources.activity_chart,
        name="source-activity-chart",
    ),
    path("telemetry/sources/<int:pk>/charts/activity.csv", sources.activity_csv, name="source-activity-csv"),
]
