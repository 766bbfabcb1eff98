"""Addresses. Each app lists its pages and its endpoints in its own urls.py; pages about people and tokens are web's."""

from django.contrib import admin
from django.urls import include, path

from web.permissions import staff_login

admin.site.login = staff_login
admin.site.site_header = admin.site.site_title = "Muster"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("web.urls")),
    path("", include("inventory.urls")),
    path("", include("telemetry.urls")),
    path("", include("readiness.urls")),
]

handler400 = "web.errors.bad_request"
handler403 = "web.errors.permission_denied"
handler404 = "web.errors.not_found"
handler500 = "web.errors.server_error"
