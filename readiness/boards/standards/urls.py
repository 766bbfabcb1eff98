"""Pages of conformance, flexible layers and previews, under /standards/."""

from django.urls import path

from readiness.boards.standards import views

urlpatterns = [
    path("conformance/", views.conformance, name="conformance"),
    path("conformance/charts/drift.<str:form>", views.drift_chart, name="conformance-drift-chart"),
    path("flexible/", views.flexible, name="flexible"),
    path("flexible/charts/quadrant.<str:form>", views.quadrant_chart, name="flexible-quadrant-chart"),
    path("versions/<int:pk>/preview/", views.preview, name="standard-version-preview"),
    path("versions/<int:pk>/publish/", views.publish, name="standard-version-publish"),
]
