from django.urls import path

from readiness.boards.matrix import views

urlpatterns = [
    path("", views.matrix, name="readiness"),
    path("report/", views.report, name="readiness-report"),
]
