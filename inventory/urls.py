"""Addresses of the inventory."""

from django.urls import include, path

from inventory.kinds import KINDS
from inventory.views.overview import overview
from inventory.views.status import change_status
from web.kinds.addresses import addresses, page
from web.kinds.rest import router_of

_pages = [
    *(each for kind in KINDS for each in addresses(kind)),
    *(
        page(kind, "status", change_status, "change", "status/", is_posted=True)
        for kind in KINDS
        if kind.actions
    ),
]
urlpatterns = [
    path("inventory/", overview, name="inventory"),
    path("inventory/", include(_pages)),
    path("api/inventory/", include(router_of(*KINDS).urls)),
]
