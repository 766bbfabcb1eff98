"""Pages of ownership, under /ownership/."""

from django.urls import path

from readiness.organisation.ownership import file_views, views

urlpatterns = [
    path("", views.board, name="ownership"),
    path("queues/", views.queues, name="ownership-queues"),
    path("owners/", views.owners, name="owners"),
    path("mine/", views.owned_by_me, name="owned-by-me"),
    path("propose/", views.propose, name="propose"),
    path("reassign/", views.reassign, name="reassign"),
    path("assignments.csv", file_views.assignments_file, name="ownership-csv"),
    path("raci.csv", file_views.raci_file, name="ownership-raci"),
    path("import/", file_views.take_file, name="ownership-import"),
    path("assignments/<int:pk>/", views.assignment, name="assignment"),
    path("assignments/<int:pk>/edit/", views.amend, name="assignment-amend"),
    path("assignments/<int:pk>/steps/<int:step>/", views.tick, name="assignment-tick"),
    *views.STEPS.routes("assignments/<int:pk>/"),
]
