"""Context of the shell of every page: theme, navigation, kiosk, shortcuts, the words in the search box."""

from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from accounts.models import User
from web import clock
from web.saved_views.queries import SavedViews


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """`url_name` takes no argument; `section` is a heading above the entry; `shortcut` are keys, such as "g f"."""

    label: str
    url_name: str
    icon: str
    permission: str
    shortcut: str = ""
    section: str = ""


ITEMS: tuple[NavigationItem, ...] = (
    NavigationItem("Fleet", "fleet", "layout-dashboard", "inventory.view_site", "g f"),
    NavigationItem("Sites", "sites", "building-factory-2", "inventory.view_site", "g s"),
    NavigationItem("Readiness", "readiness", "grid-dots", "scoring.view_checkresult", "g m"),
    NavigationItem("Gap", "gap", "trending-up", "scoring.view_sitescore", "g p"),
    NavigationItem("Worklist", "worklist", "list-details", "golive.view_workitem", "g l"),
    NavigationItem("Trends", "trends", "heart-rate-monitor", "scoring.view_checkresult", "g y"),
    NavigationItem("Framework", "framework", "versions", "framework.view_frameworkversion", "g r"),
    NavigationItem("Waivers", "waivers", "flag", "grants.view_grant", "g w"),
    NavigationItem("Campaigns", "campaigns", "target-arrow", "golive.view_campaign", "g c"),
    NavigationItem("Go-live reviews", "reviews", "shield-check", "evidence.view_review", "g o"),
    NavigationItem("Trade-offs", "tradeoffs", "scale", "tradeoffs.view_sitefactor", "g t", "Trade-offs"),
    NavigationItem("Workloads", "workloads", "stack-2", "workloads.view_workloadclass", "g k"),
    NavigationItem("Portfolio", "portfolios", "arrows-sort", "tradeoffs.view_portfoliorun", "g z"),
    NavigationItem("Flexibility", "flexibility", "git-compare", "tradeoffs.view_sitefactor", "g b"),
    NavigationItem("Decisions", "decisions", "clipboard-check", "tradeoffs.view_decision", "g u"),
    NavigationItem("Site factors", "factors", "coin", "tradeoffs.view_sitefactor", "g n"),
    NavigationItem("Rules", "rules", "file-text", "jurisdiction.view_rule", "g j"),
    NavigationItem("Ownership", "ownership", "user-check", "ownership.view_assignment", "g a", "People"),
    NavigationItem("People", "people", "users-group", "people.view_team", "g e"),
    NavigationItem("Inventory", "inventory", "server-2", "inventory.view_device", "g i", "Evidence"),
    NavigationItem("Telemetry", "ingest", "activity", "telemetry.view_source", "g d"),
    NavigationItem("Runs and records", "evidence", "flask", "evidence.view_validationrun", "g v"),
    NavigationItem("Explore", "explore", "chart-dots-3", "telemetry.view_series", "g x"),
    NavigationItem("History", "history", "history", "inventory.view_site", "g h"),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    shown = [(item, url) for item in ITEMS if (url := _url(item)) and request.user.has_perm(item.permission)]
    here = max((url for _, url in shown if _holds(url, request.path)), key=len, default="")
    return [asdict(item) | {"url": url, "current": url == here} for item, url in shown]


def _holds(url: str, path: str) -> bool:
    return path == url if url == "/" else path.startswith(url)


def _url(item: NavigationItem) -> str:
    try:
        return reverse(item.url_name)
    except NoReverseMatch:
        return ""


# Seconds between refreshes of live regions, as text: the template takes the number 0 for none.
REFRESHES_S = {"0", "10", "30", "60", "300"}
DEFAULT_REFRESH_S = "30"


def page(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated
    return {
        "page_at": clock.now(),
        "theme": theme_of(request),
        "nav": navigation(request) if signed_in else [],
        "kiosk": request.GET.get("kiosk") == "1",
        "shortcuts": shortcuts_of(request),
        "refresh_s": _refresh_s(request),
        "saved_views": SavedViews(request) if signed_in else None,
        "search_query": request.GET.get("q", "") if request.path == "/search/" else "",
    }


def theme_of(request: HttpRequest) -> str:
    """The browser's own choice first: it is what the switch on each page sets, and it holds before signing in too."""
    chosen = request.COOKIES.get("theme", "")
    if chosen in User.Theme.values:
        return chosen
    user = getattr(request, "user", None)
    return user.theme if user is not None and user.is_authenticated else User.Theme.SYSTEM.value


def shortcuts_of(request: HttpRequest) -> bool:
    """The browser's own choice first, as for the theme: the switch in the list of shortcuts sets it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return False
    chosen = request.COOKIES.get("shortcuts", "")
    return chosen == "on" if chosen in {"on", "off"} else bool(user.preferences.get("shortcuts", True))


def _refresh_s(request: HttpRequest) -> str:
    chosen = request.COOKIES.get("refresh_s", "")
    return chosen if chosen in REFRESHES_S else DEFAULT_REFRESH_S
