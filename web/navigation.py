"""The entries of the side navigation. An entry is shown to those who may open its page."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """`url_name` takes no argument; `section` is a heading above the entry; `shortcut` are keys, such as "g f"."""

    label: str | Promise
    url_name: str
    icon: str
    permission: str
    shortcut: str = ""
    section: str | Promise = ""


ITEMS: tuple[NavigationItem, ...] = (
    NavigationItem(_("Fleet"), "fleet", "layout-dashboard", "inventory.view_site", "g f"),
    NavigationItem(_("Sites"), "sites", "building-factory-2", "inventory.view_site", "g s"),
    NavigationItem(_("Readiness"), "readiness", "grid-dots", "scoring.view_checkresult", "g m"),
    NavigationItem(_("Gap"), "gap", "trending-up", "scoring.view_sitescore", "g p"),
    NavigationItem(_("Worklist"), "worklist", "list-details", "golive.view_workitem", "g l"),
    NavigationItem(_("Trends"), "trends", "heart-rate-monitor", "scoring.view_checkresult", "g y"),
    NavigationItem(_("Framework"), "framework", "versions", "framework.view_frameworkversion", "g r"),
    NavigationItem(_("Waivers"), "waivers", "flag", "grants.view_grant", "g w"),
    NavigationItem(_("Campaigns"), "campaigns", "target-arrow", "golive.view_campaign", "g c"),
    NavigationItem(_("Go-live reviews"), "reviews", "shield-check", "evidence.view_review", "g o"),
    NavigationItem(
        _("Trade-offs"), "tradeoffs", "scale", "tradeoffs.view_sitefactor", "g t", _("Trade-offs")
    ),
    NavigationItem(_("Workloads"), "workloads", "stack-2", "workloads.view_workloadclass", "g k"),
    NavigationItem(_("Portfolio"), "portfolios", "arrows-sort", "tradeoffs.view_portfoliorun", "g z"),
    NavigationItem(_("Flexibility"), "flexibility", "git-compare", "tradeoffs.view_sitefactor", "g b"),
    NavigationItem(_("Decisions"), "decisions", "clipboard-check", "tradeoffs.view_decision", "g u"),
    NavigationItem(_("Site factors"), "factors", "coin", "tradeoffs.view_sitefactor", "g n"),
    NavigationItem(_("Rules"), "rules", "file-text", "jurisdiction.view_rule", "g j"),
    NavigationItem(
        _("Ownership"), "ownership", "user-check", "ownership.view_assignment", "g a", _("People")
    ),
    NavigationItem(_("People"), "people", "users-group", "people.view_team", "g e"),
    NavigationItem(_("Inventory"), "inventory", "server-2", "inventory.view_device", "g i", _("Evidence")),
    NavigationItem(_("Telemetry"), "ingest", "activity", "telemetry.view_source", "g d"),
    NavigationItem(_("Runs and records"), "evidence", "flask", "evidence.view_validationrun", "g v"),
    NavigationItem(_("Explore"), "explore", "chart-dots-3", "telemetry.view_series", "g x"),
    NavigationItem(_("History"), "history", "history", "inventory.view_site", "g h"),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The entries for this reader. The present one is that whose address begins the path and is the longest."""
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
