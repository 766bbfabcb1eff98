"""Addresses of kinds: `device-list`, `device-detail`, `device-add` and so on."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from web.history import restoring
from web.kinds import bulk_pages, import_pages, pages
from web.kinds.entries import entry_page
from web.kinds.kind import Kind
from web.permissions import require

_PAGES: dict[str, tuple[Callable[..., Any], str, str]] = {
    "list": (pages.object_list, "view", ""),
    "add": (pages.object_add, "add", "add/"),
    "detail": (pages.object_detail, "view", "{key}"),
    "edit": (pages.object_edit, "change", "{key}edit/"),
    "delete": (pages.object_delete, "delete", "{key}delete/"),
    "bulk": (bulk_pages.bulk_edit, "change", "bulk/"),
    "csv": (import_pages.import_file, "add", "csv/"),
    "csv-file": (import_pages.imported_file, "add", "csv/<int:pk>/"),
}
_KEYS = {"pk": "<int:pk>/", "slug": "<slug:slug>/"}


def addresses(kind: Kind) -> Iterator[URLPattern]:
    """The pages of a kind below its part of the address; what they write can be taken back."""
    restoring.register(kind.model, _restore_rule(kind))
    for entry in sorted(kind.entries, key=lambda each: each.on_object):
        rest = ("{key}" if entry.on_object else "") + entry.path
        view = require(*kind.may, *entry.permissions)(partial(entry_page, kind=kind, entry=entry))
        # GET redirects to the object, signed in or not.
        yield _path(kind, rest, view if entry.form else require_POST(view), entry.url_name)
    # Fixed addresses come before those of objects, whose key may be a word.
    for name in sorted(kind.pages, key=lambda name: "{" in _PAGES[name][2]):
        yield page(kind, name, *_PAGES[name])
    if "csv" in kind.pages:
        yield page(kind, "csv-file", *_PAGES["csv-file"])


def _restore_rule(kind: Kind) -> restoring.RestoreRule:
    taken_back = {"edit": (restoring.CHANGED, "change"), "delete": (restoring.CREATED, "delete")}
    if {"add", "delete"} <= set(kind.pages):
        taken_back["add"] = (restoring.DELETED, "add")
    permissions = {
        action.value: kind.permissions(verb)
        for page_name, (action, verb) in taken_back.items()
        if page_name in kind.pages
    }
    fields = frozenset(getattr(kind.form, "base_fields", ()))
    return restoring.RestoreRule(permissions, fields, partial(kind.url, "list"))


def page(kind: Kind, name: str, view: Callable[..., Any], action: str, rest: str) -> URLPattern:
    checked = require(*kind.permissions(action))(partial(view, kind=kind))
    return _path(kind, rest, checked, kind.url_name(name))


def _path(kind: Kind, rest: str, view: Callable[..., Any], name: str) -> URLPattern:
    below = f"{kind.plural}/" if kind.plural else ""
    return path(below + rest.format(key=_KEYS[kind.key]), view, name=name)
