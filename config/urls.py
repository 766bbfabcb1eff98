"""Addresses. Each app lists its pages and endpoints in its own urls.py; web has the pages of accounts."""

from django.urls import include, path

urlpatterns = [
    path("", include("web.urls")),
    path("", include("inventory.urls")),
    path("", include("telemetry.urls")),
    path("", include("readiness.urls")),
]

handler400 = "web.errors.bad_request"
handler403 = "web.errors.permission_denied"
handler404 = "web.errors.not_found"
handler500 = "web.errors.server_error"
