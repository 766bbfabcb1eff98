"""The floors up to inventory, which the REST contract is tried on."""

from django.urls import include, path

urlpatterns = [path("", include("web.urls")), path("", include("inventory.urls"))]
