"""Pages of workload classes, under /tradeoffs/workloads/. What stands before the slug is no slug of a class."""

from django.urls import path

from readiness.workloads import views

urlpatterns = [
    path("", views.workloads, name="workloads"),
    path("add/", views.add, name="workload-add"),
    path("import/", views.import_document, name="workloads-import"),
    path("export/", views.export, name="workloads-export"),
    path("<slug:slug>/", views.workload, name="workload"),
    path("<slug:slug>/change/", views.change, name="workload-change"),
    path("<slug:slug>/remove/", views.remove, name="workload-remove"),
    path("<slug:slug>/confirm/", views.confirm, name="workload-confirm"),
    path("<slug:slug>/export/", views.export, name="workload-export"),
    path("<slug:slug>/place/", views.place, name="workload-place"),
    path("<slug:slug>/placements/<int:pk>/end/", views.end, name="placement-end"),
]
