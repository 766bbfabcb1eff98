"""Addresses of kinds: `device-list`, `device-detail`, `device-add` and so on."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.urls import URLPattern, path

from web.kinds import pages
from web.kinds.kind import Kind
from web.permissions import require

ALL = ("list", "add", "detail", "edit", "delete")
_PAGES: dict[str, tuple[Callable[..., Any], str, str]] = {
    "list": (pages.object_list, "view", ""),
    "add": (pages.object_add, "add", "add/"),
    "detail": (pages.object_detail, "view", "<int:pk>/"),
    "edit": (pages.object_edit, "change", "<int:pk>/edit/"),
    "delete": (pages.object_delete, "delete", "<int:pk>/delete/"),
}


def addresses(kind: Kind, *names: str) -> Iterator[URLPattern]:
    """The pages of a kind below its own part of the address; none named: all."""
    for name in names or ALL:
        view, action, rest = _PAGES[name]
        yield page(kind, name, rest, view, action)


def page(kind: Kind, name: str, rest: str, view: Callable[..., Any], action: str) -> URLPattern:
    checked = require(*kind.permissions(action))(partial(view, kind=kind))
    return path(f"{kind.plural}/{rest}", checked, name=kind.url_name(name))
