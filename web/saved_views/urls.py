"""Addresses of saved views, and of table settings."""

from django.urls import include, path

from web.saved_views import api, views

urlpatterns = [
    path("views/", views.save_view, name="saved-view-add"),
    path("views/<int:pk>/", views.change_view, name="saved-view-detail"),
    path("views/<int:pk>/delete/", views.delete_view, name="saved-view-delete"),
    path("api/", include(api.router.urls)),
]
