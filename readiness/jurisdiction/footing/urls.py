"""Pages of origins and bases, under /tradeoffs/rules/: `data-origin-list`, `data-origin-detail` and so on for both."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from readiness.jurisdiction.footing import views
from readiness.jurisdiction.footing.kinds import KINDS, RecordKind
from readiness.jurisdiction.refusals import MAY_SEE
from web.permissions import require


def _page(
    kind: RecordKind,
    view: Callable[..., Any],
    action: str,
    address: str,
    name: str,
    *,
    is_posted: bool = False,
) -> URLPattern:
    checked = require(MAY_SEE, kind.permission(action))(partial(view, kind=kind))
    view = require_POST(checked) if is_posted else checked
    return path(f"{kind.place}/{address}", view, name=f"{kind.noun}-{name}")


def _pages(kind: RecordKind) -> Iterator[URLPattern]:
    yield _page(kind, views.listed, "view", "", "list")
    yield _page(kind, views.add, "add", "add/", "add")
    yield _page(kind, views.detail, "view", "<int:pk>/", "detail")
    yield _page(kind, views.edit, "change", "<int:pk>/edit/", "edit")
    yield _page(kind, views.remove, "delete", "<int:pk>/remove/", "remove", is_posted=True)


urlpatterns = [page for kind in KINDS for page in _pages(kind)]
