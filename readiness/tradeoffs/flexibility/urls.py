"""Standard against flexible, under /tradeoffs/flexibility/."""

from django.urls import path

from readiness.tradeoffs.flexibility import views

urlpatterns = [
    path("", views.flexibility, name="flexibility"),
    path("conformance.<str:form>", views.chart, name="flexibility-chart"),
]
