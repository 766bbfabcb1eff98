"""Pages of decisions, under /decisions/."""

from django.urls import path

from readiness.tradeoffs.decisions import views

urlpatterns = [
    path("", views.decisions, name="decisions"),
    path("new/", views.new, name="decision-new"),
    path("<int:pk>/", views.decision, name="decision"),
    path("<int:pk>/errors.<str:form>", views.errors, name="decision-errors"),
    path("<int:pk>/approve/", views.approve, name="decision-approve"),
    path("<int:pk>/reject/", views.reject, name="decision-reject"),
    path("<int:pk>/withdraw/", views.withdraw, name="decision-withdraw"),
    path("<int:pk>/review/", views.review, name="decision-review"),
]
