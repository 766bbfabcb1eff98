"""Pages of origins and bases, under /tradeoffs/rules/: `data-origin-list`, `data-origin-detail` and so on for both."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.urls import path
from django.views.decorators.http import require_POST

from readiness.jurisdiction.footing import views
from readiness.jurisdiction.footing.kinds import KINDS, RecordKind
from readiness.jurisdiction.versions import MAY_SEE
from web.permissions import require

_PAGES = (
    ("list", "", views.listed, "view"),
    ("add", "add/", views.fill_in, "add"),
    ("detail", "<int:pk>/", views.detail, "view"),
    ("edit", "<int:pk>/edit/", views.fill_in, "change"),
    ("remove", "<int:pk>/remove/", views.remove, "delete"),
)


def _allowed(kind: RecordKind, view: Callable[..., Any], action: str) -> Callable[..., Any]:
    allowed = require(MAY_SEE, kind.permission(action))(partial(view, kind=kind))
    return require_POST(allowed) if action == "delete" else allowed


urlpatterns = [
    path(f"{kind.place}/{address}", _allowed(kind, view, action), name=f"{kind.noun}-{name}")
    for kind in KINDS
    for name, address, view, action in _PAGES
]
