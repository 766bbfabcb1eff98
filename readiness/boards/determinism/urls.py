"""Determinism over the fleet, under `readiness/determinism/`."""

from django.urls import path

from readiness.boards.determinism import views

urlpatterns = [
    path("", views.fleet, name="determinism"),
    path("charts/tails.<str:form>", views.tails_chart, name="determinism-chart"),
]
