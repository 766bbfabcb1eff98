"""Addresses of the pages of channels."""

from django.urls import path

from web.accounts.sections import add_section
from web.delivery.channels import views

add_section("channels", "Channels")

urlpatterns = [
    path("settings/channels/", views.listed, name="channels"),
    path("settings/channels/add/", views.add, name="channel-add"),
    path("settings/channels/<int:pk>/", views.detail, name="channel-detail"),
    path("settings/channels/<int:pk>/edit/", views.edit, name="channel-edit"),
    *views.acts(),
]
