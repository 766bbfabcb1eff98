"""Addresses of the inventory."""

from django.urls import include, path

from inventory.api import router

urlpatterns = [
    path("api/inventory/", include(router.urls)),
]
