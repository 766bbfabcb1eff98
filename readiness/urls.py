"""Addresses of the rooms, from the top floor down."""

from django.urls import include, path

urlpatterns = [
    path("", include("readiness.scoring.urls")),
]
