"""Scores over time, under /readiness/trends/."""

from django.urls import path

from readiness.boards.trends import views

urlpatterns = [
    path("", views.page, name="trends"),
    path("chart.<str:form>", views.chart, name="trends-chart"),
]
