"""The entries of the side navigation. An entry is shown to those who may open its page."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Item:
    """`url_name` takes no argument; `section` is a heading above the entry; `shortcut` are keys, such as "g f"."""

    label: str | Promise
    url_name: str
    icon: str
    permission: str
    shortcut: str = ""
    section: str | Promise = ""


ITEMS: tuple[Item, ...] = (
    Item(_("Fleet"), "fleet", "layout-dashboard", "inventory.view_site", "g f"),
    Item(_("Sites"), "sites", "building-factory-2", "inventory.view_site", "g s"),
    Item(_("Readiness"), "readiness", "grid-dots", "scoring.view_checkresult", "g m"),
    Item(_("Gap"), "gap", "trending-up", "scoring.view_sitescore", "g p"),
    Item(_("Worklist"), "worklist", "list-details", "golive.view_workitem", "g l"),
    Item(_("Trends"), "trends", "heart-rate-monitor", "scoring.view_checkresult", "g y"),
    Item(_("Framework"), "framework", "versions", "framework.view_frameworkversion", "g r"),
    Item(_("Waivers"), "waivers", "flag", "grants.view_grant", "g w"),
    Item(_("Campaigns"), "campaigns", "target-arrow", "golive.view_campaign", "g c"),
    Item(_("Go-live reviews"), "reviews", "shield-check", "evidence.view_review", "g o"),
    Item(_("Trade-offs"), "tradeoffs", "scale", "tradeoffs.view_sitefactor", "g t", _("Trade-offs")),
    Item(_("Workloads"), "workloads", "stack-2", "workloads.view_workloadclass", "g k"),
    Item(_("Portfolio"), "portfolios", "arrows-sort", "tradeoffs.view_portfoliorun", "g z"),
    Item(_("Flexibility"), "flexibility", "git-compare", "tradeoffs.view_sitefactor", "g b"),
    Item(_("Decisions"), "decisions", "clipboard-check", "tradeoffs.view_decision", "g u"),
    Item(_("Site factors"), "factors", "coin", "tradeoffs.view_sitefactor", "g n"),
    Item(_("Rules"), "rules", "file-text", "jurisdiction.view_rule", "g j"),
    Item(_("Ownership"), "ownership", "user-check", "ownership.view_assignment", "g a", _("People")),
    Item(_("People"), "people", "users-group", "people.view_team", "g e"),
    Item(_("Inventory"), "inventory", "server-2", "inventory.view_device", "g i", _("Evidence")),
    Item(_("Telemetry"), "ingest", "activity", "telemetry.view_source", "g d"),
    Item(_("Runs and records"), "evidence", "flask", "evidence.view_validationrun", "g v"),
    Item(_("Explore"), "explore", "chart-dots-3", "telemetry.view_series", "g x"),
    Item(_("History"), "history", "history", "inventory.view_site", "g h"),
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


def _url(item: Item) -> str:
    try:
        return reverse(item.url_name)
    except NoReverseMatch:
        return ""
