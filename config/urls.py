"""Addresses. Each app lists its own pages in urls.py (`urlpatterns`) and its endpoints in api/urls (`router`)."""

from django.urls import include, path

urlpatterns = [
    path("", include("web.urls")),
    path("", include("inventory.urls")),
    path("", include("telemetry.urls")),
    path("", include("readiness.urls")),
    path("", include("accounts.urls")),
]
