"""Addresses of the telemetry app."""

from django.urls import path

from telemetry import receive

urlpatterns = [
    path("api/v1/write", receive.write, name="remote-write"),
]
