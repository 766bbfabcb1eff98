"""Cards on the page of an incident, and the incidents of a site on its page."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import User
from inventory.models import Site
from readiness.loop.findings.queries import finding_url
from readiness.loop.incidents import queries
from readiness.loop.incidents.models import Incident
from web.kinds.details import may_see, related_panel
from web.kinds.kind import Related
from web.kinds.panels import Panel
from web.links import link

_OF_SITE = Related(Incident, ("site",), ("title", "state", "severity", "began_at", "ended_at", "review"))


def site_panel(obj: Site, *, user: User, now: datetime) -> Panel | None:
    """The newest incidents of a site, and the way to open one."""
    if not may_see(user, _OF_SITE):
        return None
    panel = related_panel(_OF_SITE, obj, user=user, place=0)
    links = [{"label": "All", "url": link("incident-list", site=obj.slug)}] if panel.context["rows"] else []
    if user.has_perm("incidents.add_incident"):
        links.append({"label": "Open one", "url": link("incident-add", site=obj.slug)})
    return replace(panel, key="incidents", order=515, links=links)


def timeline_panel(obj: Incident, *, user: User, now: datetime) -> Panel:
    return Panel(
        key="timeline",
        title="Timeline",
        template="readiness/incidents/lines.html",
        context={"lines": queries.incident_lines(obj)},
        order=150,
        links=_link(obj, user, "Write", "incident-note", is_open=obj.closed_at is None),
    )


def alerts_panel(obj: Incident, *, user: User, now: datetime) -> Panel | None:
    if not user.has_perm("alerts.view_alert"):
        return None
    return Panel(
        key="alerts",
        title="Alerts",
        template="readiness/incidents/alerts.html",
        context={"joined": queries.joined_alerts(obj), "is_open": obj.ended_at is None},
        order=160,
        links=_link(obj, user, "Add", "incident-join", is_open=obj.ended_at is None),
    )


def review_panel(obj: Incident, *, user: User, now: datetime) -> Panel | None:
    if obj.ended_at is None:
        return None
    return Panel(
        key="review",
        title="Review",
        template="readiness/incidents/review.html",
        context={"incident": obj, "is_late": is_review_late(obj, now)},
        order=130,
        span=12,
        links=_finding_link(obj, user),
    )


def actions_panel(obj: Incident, *, user: User, now: datetime) -> Panel | None:
    if not user.has_perm("actions.view_action"):
        return None
    return Panel(
        key="actions",
        title="Actions",
        template="readiness/incidents/actions.html",
        context={"actions": queries.actions_of(obj), "today": now.date()},
        order=170,
        links=_link(obj, user, "Add", "incident-action", is_open=obj.closed_at is None),
    )


def is_review_late(incident: Incident, now: datetime) -> bool:
    """Whether its day is over by the calendar of its site, as the check counts."""
    due_on, today = incident.review_due_on, now.astimezone(ZoneInfo(incident.site.time_zone)).date()
    return incident.review_state == "required" and due_on is not None and due_on < today


def _link(incident: Any, user: User, label: str, name: str, *, is_open: bool) -> list[dict[str, str]]:
    if not is_open or not user.has_perm("incidents.change_incident"):
        return []
    return [{"label": label, "url": link(name, incident.pk)}]


def _finding_link(incident: Incident, user: User) -> list[dict[str, str]]:
    if not user.has_perm("findings.add_finding"):
        return []
    return [{"label": "Raise a finding", "url": finding_url("incident", incident.pk, incident.site)}]
