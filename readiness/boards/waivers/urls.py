"""Pages of grants, under /waivers/."""

from django.urls import path

from readiness.boards.waivers import views

urlpatterns = [
    path("", views.waivers, name="waivers"),
    path("ageing/", views.ageing, name="waivers-ageing"),
    path("request/", views.ask, name="waiver-request"),
    path("<int:pk>/", views.waiver, name="waiver"),
    *views.STEPS.routes(),
]
