"""Addresses of the inventory: `device-list`, `device-detail`, `device-add` and so on for every kind."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.urls import URLPattern, include, path
from django.views.decorators.http import require_POST

from inventory.api import router
from inventory.kinds import KINDS, Kind
from inventory.views import objects, status
from inventory.views.overview import overview
from web.permissions import require


def _page(
    kind: Kind, view: Callable[..., Any], action: str, address: str, name: str, *, is_posted: bool = False
) -> URLPattern:
    checked = require(kind.permission(action))(partial(view, kind=kind))
    view = require_POST(checked) if is_posted else checked
    return path(f"inventory/{kind.plural}/{address}", view, name=f"{kind.noun}-{name}")


def _pages(kind: Kind) -> Iterator[URLPattern]:
    yield _page(kind, objects.object_list, "view", "", "list")
    yield _page(kind, objects.object_add, "add", "add/", "add")
    yield _page(kind, objects.object_detail, "view", "<int:pk>/", "detail")
    yield _page(kind, objects.object_edit, "change", "<int:pk>/edit/", "edit")
    yield _page(kind, objects.object_delete, "delete", "<int:pk>/delete/", "delete")
    if kind.has_status:
        yield _page(kind, status.change_status, "change", "status/", "status", is_posted=True)


urlpatterns = [
    path("inventory/", overview, name="inventory"),
    *(page for kind in KINDS for page in _pages(kind)),
    path("api/inventory/", include(router.urls)),
]
