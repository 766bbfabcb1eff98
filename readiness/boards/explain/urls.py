"""The page that explains, its chart, and its endpoint."""

from django.urls import path

from readiness.boards.explain import api, views

urlpatterns = [
    path("readiness/explain/", views.page, name="explain"),
    path("readiness/explain/chart.<str:form>", views.chart, name="explain-chart"),
    path("api/readiness/explain/", api.explain, name="scoring-api-explain"),
]
