"""Addresses of the history."""

from django.urls import path

from web.history import api, views

urlpatterns = [
    path("history/", views.changes, name="history"),
    path("api/history/", api.HistoryView.as_view(), name="history-api"),
]
