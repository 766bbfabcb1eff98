"""Pages of grants, under /waivers/."""

from django.urls import path

from readiness.boards.waivers import views

urlpatterns = [
    path("", views.waivers, name="waivers"),
    path("ageing/", views.ageing, name="waivers-ageing"),
    path("request/", views.ask, name="waiver-request"),
    path("<int:pk>/", views.waiver, name="waiver"),
    path("<int:pk>/approve/", views.approve, name="waiver-approve"),
    path("<int:pk>/deny/", views.deny, name="waiver-deny"),
    path("<int:pk>/revoke/", views.revoke, name="waiver-revoke"),
]
