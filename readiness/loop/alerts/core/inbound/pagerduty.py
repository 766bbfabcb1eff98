"""Webhooks of PagerDuty (version 3): one event of one incident in each body.

PagerDuty delivers at least once and the events of an incident in their order. An incident that PagerDuty has of Muster
has the key that Muster gave it; all others are alerts of another system.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from readiness.loop.alerts.core.inbound.messages import (
    BodyNotRead,
    OutsideAlert,
    OutsideMessage,
    instant_of,
    line_of,
    read_object,
    text_of,
    web_address,
)

RESOLVED, ACKNOWLEDGED = "incident.resolved", "incident.acknowledged"
_BEGINS = ("incident.triggered", "incident.reopened")
TAKES_ON = (ACKNOWLEDGED, RESOLVED)
"""Events by which somebody there has taken an incident on: what Muster sees decides when it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEvent:
    """`key` is the incident's `incident_key`, `at` when the event happened."""

    kind: str
    id: str
    key: str
    number: str
    at: datetime
    message: OutsideMessage


def read(body: bytes, *, now: datetime) -> IncidentEvent | None:
    """Return the event; None for one that is of no incident, such as the ping of a new subscription."""
    event = read_object(body).get("event")
    if not isinstance(event, dict):
        raise BodyNotRead("it has no `event`: this address takes webhooks of version 3")
    kind, data = text_of(event.get("event_type"), 100), event.get("data")
    if not kind.startswith("incident.") or not isinstance(data, dict) or data.get("type") != "incident":
        return None
    at = instant_of(event.get("occurred_at")) or now
    incident_id = text_of(data.get("id"), 100)
    if not incident_id:
        raise BodyNotRead("event.data.id is missing")
    return IncidentEvent(
        kind=kind,
        id=incident_id,
        key=text_of(data.get("incident_key"), 300),
        number=text_of(data.get("number"), 20),
        at=at,
        message=OutsideMessage(group=incident_id, alerts=(_alert(kind, incident_id, data, at),)),
    )


def _alert(kind: str, incident_id: str, data: Mapping[str, Any], at: datetime) -> OutsideAlert:
    """The alert that an incident is. Every event tells whether the incident is open, so a lost event does no harm."""
    is_over = kind not in _BEGINS and (kind == RESOLVED or data.get("status") == "resolved")
    began_at = at if kind in _BEGINS else instant_of(data.get("created_at")) or at
    return OutsideAlert(
        fingerprint=incident_id,
        is_firing=not is_over,
        labels=_labels(data),
        title=line_of(data.get("title")) or "Incident without a title",
        url=web_address(data.get("html_url")),
        starts_at=began_at,
        ends_at=at if is_over else None,
    )


def _labels(data: Mapping[str, Any]) -> dict[str, str]:
    """Labels that rules may match. Those who are assigned are not among them: names are personal data."""
    labels = {
        "service": _summary(data.get("service")),
        "escalation_policy": _summary(data.get("escalation_policy")),
        "priority": _summary(data.get("priority")),
        "urgency": text_of(data.get("urgency"), 100),
        "incident_key": text_of(data.get("incident_key"), 300),
        "title": text_of(data.get("title")),
    }
    teams = data.get("teams")
    if isinstance(teams, list) and teams:
        labels["team"] = _summary(teams[0])
    return {name: value for name, value in labels.items() if value}


def _summary(reference: Any) -> str:
    return text_of(reference.get("summary"), 200) if isinstance(reference, dict) else ""
