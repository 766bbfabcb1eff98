from django.urls import path

from readiness.scoring.matrix import views

urlpatterns = [
    path("", views.matrix, name="readiness"),
    path("report/", views.report, name="readiness-report"),
]
