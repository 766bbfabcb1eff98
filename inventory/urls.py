"""Addresses of the inventory."""

from django.urls import include, path

from inventory.kinds import KINDS
from inventory.views.overview import overview
from web.kinds.addresses import addresses
from web.kinds.rest import router_of

_pages = [each for kind in KINDS for each in addresses(kind)]
urlpatterns = [
    path("inventory/", overview, name="inventory"),
    path("inventory/", include(_pages)),
    path("api/inventory/", include(router_of(*KINDS).urls)),
]
