"""Template context of every page: theme, navigation, kiosk, shortcuts."""

from typing import Any

from django.contrib.auth.context_processors import PermWrapper
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from web import clock, notices
from web.help import tour
from web.help.guides import guide_of
from web.navigation import navigation
from web.outside import PermissionsInScope
from web.saved_views.queries import SavedViews

# Seconds between refreshes of live regions, as text: the template takes the number 0 for none.
REFRESHES_S = {"0", "10", "30", "60", "300"}
DEFAULT_REFRESH_S = "30"


def page(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated
    # Computed lazily, because a refresh of a part of a page does not need it.
    nav = SimpleLazyObject(lambda: navigation(request) if signed_in else [])
    entry = SimpleLazyObject(lambda: next((entry for entry in nav if entry["current"]), None))
    return {
        "page_at": clock.now(),
        "perms": PermWrapper(PermissionsInScope(user)),
        "notices": notices.board.page_notices if signed_in else (),
        "unfinished_past": notices.board.past_notices if signed_in else (),
        "theme": theme_of(request),
        "nav": nav,
        "entry": entry,
        # The tab already names the page, so breadcrumbs would repeat it.
        "is_tab": SimpleLazyObject(
            lambda: bool(entry) and any(tab["current"] == "page" for tab in entry["tabs"])
        ),
        "side_is_narrow": request.COOKIES.get("side", "") == "narrow",
        "kiosk": request.GET.get("kiosk") == "1",
        "shortcuts": shortcuts_of(request),
        "refresh_s": _refresh_s(request),
        "saved_views": SavedViews(request) if signed_in else None,
        "guide": SimpleLazyObject(lambda: guide_of(request.path)),
        "tour": tour.bar(request.GET.get(tour.PARAMETER, "")) if signed_in else None,
    }


def theme_of(request: HttpRequest) -> str:
    """The browser's choice takes precedence: the switch on each page sets it, and it also works before signing in."""
    cookie = request.COOKIES.get("theme", "")
    if cookie in User.Theme.values:
        return cookie
    user = getattr(request, "user", None)
    return user.theme if user is not None and user.is_authenticated else User.Theme.SYSTEM.value


def shortcuts_of(request: HttpRequest) -> bool:
    """The browser's choice takes precedence, as for the theme: the switch in the list of shortcuts sets it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return False
    cookie = request.COOKIES.get("shortcuts", "")
    return cookie == "on" if cookie in {"on", "off"} else bool(user.preferences.get("shortcuts", True))


def _refresh_s(request: HttpRequest) -> str:
    cookie = request.COOKIES.get("refresh_s", "")
    return cookie if cookie in REFRESHES_S else DEFAULT_REFRESH_S
