"""Addresses of what every page and endpoint shares."""

from django.urls import include, path

from web import health

urlpatterns = [
    path("", include("web.accounts.urls")),
    path("", include("web.search.urls")),
    path("", include("web.history.urls")),
    path("health/live", health.live, name="health-live"),
]
