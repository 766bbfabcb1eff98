"""Trying and publishing a version, below its page."""

from django.urls import path

from readiness.boards.dry_run import views

urlpatterns = [
    path("dry-run/", views.page, name="framework-dry-run"),
    path("dry-run/start/", views.start, name="framework-dry-run-start"),
    path("publish/", views.publish, name="framework-publish"),
    path("roll-back/", views.roll_back, name="framework-roll-back"),
]
