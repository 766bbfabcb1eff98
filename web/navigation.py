"""The entries of the side navigation. An entry is shown to those who may open its page."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse


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
    return [
        {
            "label": item.label,
            "url": url,
            "icon": item.icon,
            "shortcut": item.shortcut,
            "section": item.section,
            "current": url == here,
            "count": None,
            "tone": "",
        }
        for item, url in shown
    ]


def _holds(url: str, path: str) -> bool:
    return path == url if url == "/" else path.startswith(url)


def _url(item: NavigationItem) -> str:
    try:
        return reverse(item.url_name)
    except NoReverseMatch:
        return ""
