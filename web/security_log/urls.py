"""Addresses of the security log."""

from django.urls import path

from web.security_log import api, views

urlpatterns = [
    path("settings/security-log/", views.page, name="security-log"),
    path(
        "api/security-log/",
        api.SecurityEventViewSet.as_view({"get": "list"}),
        name="web-api-security-event-list",
    ),
    path(
        "api/security-log/<int:pk>/",
        api.SecurityEventViewSet.as_view({"get": "retrieve"}),
        name="web-api-security-event-detail",
    ),
]
