"""Addresses of what every page and endpoint shares."""

from django.urls import path

from web import health

urlpatterns = [
    path("health/live", health.live, name="health-live"),
]
