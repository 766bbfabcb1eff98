"""Pages of site factors, the explorer, portfolios, flexibility and windows, under /tradeoffs/."""

from django.urls import path

from readiness.tradeoffs.factors import views
from readiness.tradeoffs.flexibility import views as flexibility
from readiness.tradeoffs.placing import views as placing
from readiness.tradeoffs.portfolios import views as portfolios
from readiness.tradeoffs.windows import views as windows

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
    path("flexibility/", flexibility.flexibility, name="flexibility"),
    path("flexibility/conformance.<str:form>", flexibility.chart, name="flexibility-chart"),
    path("portfolio/", portfolios.portfolios, name="portfolios"),
    path("portfolio/ask/", portfolios.ask, name="portfolio-ask"),
    path("portfolio/<int:pk>/", portfolios.portfolio, name="portfolio"),
    path("portfolio/<int:pk>/front.<str:form>", portfolios.front_chart, name="portfolio-front"),
    path("portfolio/<int:pk>/cancel/", portfolios.cancel, name="portfolio-cancel"),
    path("workloads/<slug:slug>/windows/", windows.windows, name="workload-windows"),
    path(
        "workloads/<slug:slug>/windows/<slug:name>.<str:form>", windows.chart, name="workload-windows-chart"
    ),
]
