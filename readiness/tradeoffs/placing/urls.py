"""The trade-off explorer, under /tradeoffs/."""

from django.urls import path

from readiness.tradeoffs.placing import views

urlpatterns = [
    path("", views.explorer, name="tradeoffs"),
    path("charts/scatter.json", views.scatter, name="placement-scatter"),
    path("charts/parallel.json", views.parallel, name="placement-parallel"),
    path("placement.csv", views.export, name="placement-csv"),
]
