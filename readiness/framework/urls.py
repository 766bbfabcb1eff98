"""Pages of the framework's versions, under /readiness/framework/."""

from django.urls import path

from readiness.framework import views

urlpatterns = [
    path("", views.versions, name="framework"),
    path("draft/", views.draft, name="framework-draft"),
    path("<int:pk>/", views.version, name="framework-version"),
    path("<int:pk>/difference/", views.difference, name="framework-difference"),
    path("<int:pk>/export/", views.export, name="framework-export"),
    path("<int:pk>/edit/", views.edit_head, name="framework-edit"),
    path("<int:pk>/import/", views.import_definition, name="framework-import"),
    path("<int:pk>/discard/", views.discard, name="framework-discard"),
    path("<int:pk>/pillars/<slug:pillar_id>/edit/", views.edit_pillar, name="framework-pillar-edit"),
    path("<int:pk>/checks/<slug:check_id>/", views.check, name="framework-check"),
    path("<int:pk>/checks/<slug:check_id>/edit/", views.edit_check, name="framework-check-edit"),
    path("<int:pk>/checks/<slug:check_id>/<slug:part_id>/edit/", views.edit_part, name="framework-part-edit"),
]
