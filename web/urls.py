"""Addresses of what every page and endpoint shares."""

from django.urls import include, path

from web import health
from web.metrics import MetricsView
from web.rest import docs

urlpatterns = [
    path("", include("web.accounts.urls")),
    path("", include("web.history.urls")),
    path("", include("web.search.urls")),
    path("api/schema/", docs.schema, name="schema"),
    path("api/docs/", docs.browser, name="api-docs"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", MetricsView.as_view(), name="metrics"),
]
