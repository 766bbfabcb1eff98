"""Addresses of kinds: `device-list`, `device-detail`, `device-add` and so on."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.urls import URLPattern, path

from web.kinds import pages
from web.kinds.entries import entry_page
from web.kinds.kind import Kind
from web.permissions import require

_PAGES: dict[str, tuple[Callable[..., Any], str, str]] = {
    "list": (pages.object_list, "view", ""),
    "add": (pages.object_add, "add", "add/"),
    "detail": (pages.object_detail, "view", "<int:pk>/"),
    "edit": (pages.object_edit, "change", "<int:pk>/edit/"),
    "delete": (pages.object_delete, "delete", "<int:pk>/delete/"),
}


def addresses(kind: Kind) -> Iterator[URLPattern]:
    """The pages of a kind below its own part of the address."""
    for entry in kind.entries:
        view = require(*kind.may, entry.permission)(partial(entry_page, kind=kind, entry=entry))
        yield path(f"{kind.plural}/{entry.address}", view, name=entry.url_name)
    for name in kind.pages:
        yield page(kind, name, *_PAGES[name])


def page(kind: Kind, name: str, view: Callable[..., Any], action: str, rest: str) -> URLPattern:
    checked = require(*kind.permissions(action))(partial(view, kind=kind))
    return path(f"{kind.plural}/{rest}", checked, name=kind.url_name(name))
