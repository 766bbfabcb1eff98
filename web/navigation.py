"""The navigation of every page: its entries with their tabs, as data.

A page belongs to the tab with the longest address that its own begins with. Apps count what waits there
(`web/tab_counts.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, get_urlconf, reverse


@dataclass(frozen=True, slots=True)
class NavigationTab:
    """`url_name` takes no argument; `shortcut` are keys, such as "g f"; `words` are further words for the palette.
    `also` names pages of the tab whose addresses begin differently.
    """

    label: str
    url_name: str
    permission: str
    shortcut: str = ""
    words: str = ""
    also: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The address; "" if no app provides it."""
        return _address(self.url_name, get_urlconf() or settings.ROOT_URLCONF)

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The address prefixes of its pages."""
        urlconf = get_urlconf() or settings.ROOT_URLCONF
        return tuple(_address(name, urlconf) for name in (self.url_name, *self.also))


@lru_cache(maxsize=256)
def _address(url_name: str, urlconf: str) -> str:
    try:
        return reverse(url_name, urlconf)
    except NoReverseMatch:
        return ""


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    label: str
    icon: str
    tabs: tuple[NavigationTab, ...]


# fmt: off
ENTRIES: tuple[NavigationEntry, ...] = (
    NavigationEntry("Home", "home", (
        NavigationTab("For you", "home", "inventory.view_site", "g h"),
        NavigationTab("Inbox", "inbox", "inventory.view_site", "g q", "waiting tasks"),
        NavigationTab("Digests", "digests", "alerts.view_alert", words="daily weekly report summary pdf"),
        NavigationTab("Fleet", "fleet", "inventory.view_site", "g f", "overview map"),
    )),
    NavigationEntry("Sites", "building-factory-2", (
        NavigationTab("Sites", "sites", "inventory.view_site", "g s"),
        NavigationTab("Problems", "problems", "inventory.view_site", "g p", "critical silent failing"),
        NavigationTab("Alerts", "alerts", "alerts.view_alert", words="acknowledge page told"),
        NavigationTab("Silences", "silence-list", "alerts.view_silence", words="mute maintenance windows calendar"),
        NavigationTab("Deliveries", "deliveries", "web.view_message", words="messages mail webhooks attempts",
                      also=("mailbox",)),
        NavigationTab("Inventory", "inventory", "inventory.view_device", "g i", "devices racks hardware"),
    )),
    NavigationEntry("Readiness", "grid-dots", (
        NavigationTab("Matrix", "readiness", "scoring.view_checkresult", "g m"),
        NavigationTab("Road", "road", "scoring.view_sitescore", words="ready when plan dates fixes"),
        NavigationTab("Gap", "gap", "scoring.view_sitescore", "g g", "capacity"),
        NavigationTab("Trends", "trends", "scoring.view_checkresult", "g y"),
        NavigationTab("Score changes", "explain", "scoring.view_checkresult", "g x", "why did it move"),
        NavigationTab("Checks", "checks", "scoring.view_checkresult", "g k"),
        NavigationTab("Determinism", "determinism", "scoring.view_checkresult"),
        NavigationTab("Interop", "interop", "scoring.view_checkresult", words="interoperability"),
        NavigationTab("Framework", "framework", "framework.view_frameworkversion", "g r", "thresholds rules drafts"),
    )),
    NavigationEntry("Standards", "shield-check", (
        NavigationTab("Standards", "standard-list", "standards.view_standard", words="baseline versions waivers"),
        NavigationTab("Conformance", "conformance", "standards.view_conformance", words="deviations drift",
                      also=("deviation-list",)),
        NavigationTab("Flexible", "flexible", "standards.view_flexiblearea", words="concentration lock-in quadrant",
                      also=("flexible-area-list", "alternative-list")),
        NavigationTab("Duties", "duty-entry-list", "duties.view_dutyentry", words="legal law register regulation",
                      also=("legal-duty-list", "duty-profile-list", "energy-figure-list", "energy-report")),
        NavigationTab("Certificates", "certificate-list", "duties.view_certificate", words="TIA-942 Tier ISO audit"),
    )),
    NavigationEntry("Work", "list-details", (
        NavigationTab("Worklist", "worklist", "golive.view_workitem", "g l", "tasks to do"),
        NavigationTab("Campaigns", "campaigns", "golive.view_campaign", "g c", "validation runs"),
        NavigationTab("Go-live reviews", "reviews", "evidence.view_review", "g o", "sign"),
        NavigationTab("Waivers", "waivers", "grants.view_grant", "g w", "exceptions"),
        NavigationTab("Procedures", "procedure-list", "people.view_procedure", words="runbooks documents",
                      also=("alert-rule-list",)),
        NavigationTab("Drills", "drill-list", "people.view_drill", words="exercises practice",
                      also=("exercise-list", "participant-list", "drill-action-list")),
        NavigationTab("Surveys", "survey-list", "people.view_survey", words="questions calibration",
                      also=("survey-question-list", "calibration")),
    )),
    NavigationEntry("Loop", "refresh", (
        NavigationTab("Findings", "finding-list", "findings.view_finding", words="feedback raise planners operations"),
        NavigationTab("Actions", "action-list", "actions.view_action", words="tasks due mine effect"),
        NavigationTab("Incidents", "incident-list", "incidents.view_incident", words="outage postmortem severity",
                      also=("incident-escape-list",)),
        NavigationTab("Lessons", "lesson-list", "lessons.view_lesson", words="learned questions spread"),
        NavigationTab("Joint reviews", "joint-review-list", "findings.view_jointreview", words="quarter agenda"),
        NavigationTab("Timeline", "timeline", "inventory.view_site", words="events what happened when"),
        NavigationTab("Does it help?", "feedback", "findings.view_finding", words="backlog measures loop"),
    )),
    NavigationEntry("Placement", "scale", (
        NavigationTab("Explorer", "tradeoffs", "tradeoffs.view_sitefactor", "g t", "trade-offs where to place"),
        NavigationTab("Workload classes", "workloads", "workloads.view_workloadclass", "g b"),
        NavigationTab("Portfolio", "portfolios", "tradeoffs.view_portfoliorun", "g z"),
        NavigationTab("Flexibility", "flexibility", "tradeoffs.view_sitefactor", words="fallback"),
        NavigationTab("Decisions", "decisions", "tradeoffs.view_decision", "g u"),
        NavigationTab("Site factors", "factors", "tradeoffs.view_sitefactor", "g n", "price carbon latency",
                      also=("latencies", "rates")),
        NavigationTab("Rules", "rules", "jurisdiction.view_rule", "g j", "jurisdiction law"),
    )),
    NavigationEntry("Owners", "user-check", (
        NavigationTab("Ownership", "ownership", "ownership.view_assignment", "g a", "board responsibilities"),
        NavigationTab("Owned by me", "owned-by-me", "ownership.view_assignment"),
        NavigationTab("Queues", "ownership-queues", "ownership.view_assignment"),
        NavigationTab("Owners", "owners", "people.view_person", words="reassign hand over"),
        NavigationTab("People", "people", "people.view_team", "g e"),
        NavigationTab("Teams", "teams", "people.view_team"),
        NavigationTab("On call", "on-call", "people.view_rotation", words="rotations shifts swaps tonight calendar",
                      also=("team-calendar", "rotation-list", "rotation-site-list", "layer-list", "layer-member-list",
                            "override-list", "shift-list", "swap-list", "leave-list")),
        NavigationTab("Escalation routes", "escalation-route-list", "alerts.view_escalationroute", words="levels",
                      also=("escalation-level-list", "last-resort")),
        NavigationTab("Staff growth gap", "capability", "people.view_team", words="capability gap training plan"),
        NavigationTab("Coverage", "coverage", "people.view_staffing", words="skills qualifications training rules",
                      also=("cover", "skill-matrix", "staffing-list", "capability-rule-list", "skill-list",
                            "skill-prerequisite-list", "qualification-list", "skill-exemption-list", "course-list",
                            "training-list")),
    )),
    NavigationEntry("Data", "database-import", (
        NavigationTab("Telemetry", "ingest", "telemetry.view_source", "g d", "sources ingest",
                      also=("source-list", "scrape-target-list", "import-rule-list", "unit-rule-list",
                            "mapping-rule-list")),
        NavigationTab("Muster itself", "muster-status", "telemetry.view_source", words="status jobs queues lag disk"),
        NavigationTab("Alerts from outside", "inbound-alert-list", "alerts.view_inboundalert",
                      words="alertmanager grafana pagerduty webhooks mapping heartbeat",
                      also=("alert-sender-list", "inbound-rule-list", "heartbeat-target-list")),
        NavigationTab("Series", "series-list", "telemetry.view_series"),
        NavigationTab("Explore", "explore", "telemetry.view_series", words="metrics charts"),
        NavigationTab("Inventory drift", "drifts", "telemetry.view_inventorydrift", words="contradictions corrections"),
        NavigationTab("Evidence", "evidence", "evidence.view_validationrun", "g v", "runs records proof"),
        NavigationTab("History", "history", "inventory.view_site", words="audit changes"),
        NavigationTab("Backups", "backups", "accounts.view_backup", words="restore safe passphrase"),
        NavigationTab("Approvals to look at", "approvals", "web.view_approval", words="second person accounts audit"),
    )),
)
# fmt: on
TABS: tuple[NavigationTab, ...] = tuple(tab for entry in ENTRIES for tab in entry.tabs)


def tabs_for(user: Any) -> Iterator[NavigationTab]:
    """The existing pages of the navigation that this reader may open."""
    return (tab for tab in TABS if user.has_perm(tab.permission) and tab.url)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the entries with a tab for the reader, with these tabs; `current` is a value for `aria-current`."""
    allowed = frozenset(tabs_for(request.user))
    holding = ((len(url), tab) for tab in TABS for url in tab.prefixes if _holds(url, request.path))
    here = max(holding, key=lambda pair: pair[0], default=(0, None))[1]
    return [
        {
            "label": entry.label,
            "icon": entry.icon,
            "current": _current(here in entry.tabs, request.path == shown_tabs[0]["url"]),
            "url": shown_tabs[0]["url"],
            "tabs": shown_tabs,
        }
        for entry in ENTRIES
        if (shown_tabs := [_tab_context(tab, request.path, here) for tab in entry.tabs if tab in allowed])
    ]


def _tab_context(tab: NavigationTab, path: str, here: NavigationTab | None) -> dict[str, Any]:
    tab_values = {"label": tab.label, "name": tab.url_name, "shortcut": tab.shortcut, "url": tab.url}
    return tab_values | {"current": _current(tab == here, path == tab_values["url"])}


def _current(holds: bool, is_page: bool) -> str:
    return ("page" if is_page else "true") if holds else ""


def _holds(url: str, path: str) -> bool:
    return path == url if url == "/" else bool(url) and path.startswith(url)
