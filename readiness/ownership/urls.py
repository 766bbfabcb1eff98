"""Pages of ownership, under /ownership/."""

from django.urls import path

from readiness.ownership.views import assignment, board, files, proposing

urlpatterns = [
    path("", board.board, name="ownership"),
    path("queues/", board.queues, name="ownership-queues"),
    path("owners/", board.owners, name="owners"),
    path("mine/", assignment.owned_by_me, name="owned-by-me"),
    path("propose/", proposing.propose, name="propose"),
    path("reassign/", proposing.reassign, name="reassign"),
    path("assignments.csv", files.assignments, name="ownership-csv"),
    path("raci.csv", files.raci, name="ownership-raci"),
    path("import/", files.take, name="ownership-import"),
    path("assignments/<int:pk>/", assignment.assignment, name="assignment"),
    path("assignments/<int:pk>/edit/", proposing.amend, name="assignment-amend"),
    path("assignments/<int:pk>/steps/<int:step>/", assignment.tick, name="assignment-tick"),
    *assignment.STEPS.routes("assignments/<int:pk>/"),
]
