"""What the shell of every page reads: theme, navigation, kiosk, shortcuts, the words in the search box."""

from typing import Any

from django.http import HttpRequest

from accounts.models import User
from web.navigation import navigation


def page(request: HttpRequest) -> dict[str, Any]:
    """The context processor. A page with a time range puts `time_range` into its own context."""
    user = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated
    return {
        "theme": _theme(request, user if signed_in else None),
        "nav": navigation(request) if signed_in else [],
        "kiosk": request.GET.get("kiosk") == "1",
        "shortcuts": bool(user.preferences.get("shortcuts", True)) if signed_in else False,
        "search_query": request.GET.get("q", "") if request.path == "/search/" else "",
    }


def _theme(request: HttpRequest, user: User | None) -> str:
    """The browser's own choice first: it is what the switch on each page sets, and it holds before signing in too."""
    chosen = request.COOKIES.get("theme", "")
    if chosen in User.Theme.values:
        return chosen
    return user.theme if user else User.Theme.SYSTEM.value
