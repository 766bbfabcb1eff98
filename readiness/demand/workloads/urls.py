"""Pages of workload classes, under /tradeoffs/workloads/. Fixed paths come before slugs and are reserved names."""

from django.urls import path

from readiness.demand.workloads import views
from readiness.demand.workloads.kinds import WORKLOADS
from web.kinds.addresses import addresses

urlpatterns = [
    path("export/", views.export, name="workloads-export"),
    *addresses(WORKLOADS),
    path("<slug:slug>/export/", views.export, name="workload-export"),
    path("<slug:slug>/placements/<int:pk>/end/", views.end, name="placement-end"),
]
