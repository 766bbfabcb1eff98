"""Addresses of the telemetry app."""

urlpatterns = []
