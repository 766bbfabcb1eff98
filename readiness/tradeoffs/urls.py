"""Pages of site factors and the trade-off explorer, under /tradeoffs/."""

from django.urls import path

from readiness.tradeoffs import views
from readiness.tradeoffs.placing import views as placing

urlpatterns = [
    path("factors/", views.factors, name="factors"),
    path("factors/add/", views.add, name="site-factor-add"),
    path("factors/import/", views.import_table, name="factors-import"),
    path("factors/hours/add/", views.add_hours, name="factor-hours-add"),
    path("factors/entries/<int:pk>/", views.entry, name="site-factor-detail"),
    path("factors/entries/<int:pk>/delete/", views.delete, name="site-factor-delete"),
    path("factors/sites/<slug:slug>/", views.site, name="factor-site"),
    path("factors/sites/<slug:slug>/hours.<str:form>", views.hours, name="factor-hours"),
    path("latencies/", views.latencies, name="latencies"),
    path("rates/", views.rates, name="rates"),
    path("", placing.explorer, name="tradeoffs"),
    path("charts/scatter.json", placing.scatter, name="placement-scatter"),
    path("charts/parallel.json", placing.parallel, name="placement-parallel"),
    path("placement.csv", placing.export, name="placement-csv"),
]
