"""Addresses of the pages of channels."""

from django.urls import path

from web.delivery.channels import views
from web.settings_sections import add_section

add_section("channels", "Channels")

urlpatterns = [
    path("settings/channels/", views.listed, name="channels"),
    path("settings/channels/add/", views.add, name="channel-add"),
    path("settings/channels/<int:pk>/", views.detail, name="channel-detail"),
    path("settings/channels/<int:pk>/edit/", views.edit, name="channel-edit"),
    *views.acts(),
]
