"""Pages of origins and bases, under /tradeoffs/rules/: `data-origin-list`, `data-origin-detail` and so on for both."""

from functools import partial

from django.urls import path

from readiness.jurisdiction.footing import views
from readiness.jurisdiction.footing.kinds import KINDS
from readiness.jurisdiction.versions import MAY_SEE
from web.permissions import require

_PAGES = (
    ("list", "", views.listed, "view"),
    ("add", "add/", views.fill_in, "add"),
    ("detail", "<int:pk>/", views.detail, "view"),
    ("edit", "<int:pk>/edit/", views.fill_in, "change"),
    ("remove", "<int:pk>/remove/", views.remove, "delete"),
)

urlpatterns = [
    path(
        f"{kind.place}/{address}",
        require(MAY_SEE, kind.permission(action))(partial(view, kind=kind)),
        name=f"{kind.noun}-{name}",
    )
    for kind in KINDS
    for name, address, view, action in _PAGES
]
