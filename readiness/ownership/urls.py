"""Pages of ownership, under /ownership/."""

from django.urls import path

from readiness.ownership.views import assignment

urlpatterns = [
    path("", assignment.owned_by_me, name="ownership"),
    path("mine/", assignment.owned_by_me, name="owned-by-me"),
    path("assignments/<int:pk>/", assignment.assignment, name="assignment"),
    path("assignments/<int:pk>/accept/", assignment.accept, name="assignment-accept"),
    path("assignments/<int:pk>/decline/", assignment.decline, name="assignment-decline"),
    path("assignments/<int:pk>/confirm/", assignment.confirm, name="assignment-confirm"),
    path("assignments/<int:pk>/end/", assignment.end, name="assignment-end"),
    path("assignments/<int:pk>/steps/<int:step>/", assignment.tick, name="assignment-tick"),
]
