"""Pages of decisions, under /decisions/."""

from django.urls import path

from readiness.tradeoffs.decisions import views

urlpatterns = [
    path("", views.decisions, name="decisions"),
    path("new/", views.new, name="decision-new"),
    path("<int:pk>/", views.decision, name="decision"),
    path("<int:pk>/errors.<str:form>", views.errors, name="decision-errors"),
    *views.STEPS.routes(),
]
