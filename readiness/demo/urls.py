"""Pages of the demo."""

from django.urls import path

from readiness.demo import views

urlpatterns = [
    path("history/", views.history, name="demo-history"),
    path("history/cancel/", views.cancel, name="demo-history-cancel"),
    path("history/resume/", views.resume, name="demo-history-resume"),
]
