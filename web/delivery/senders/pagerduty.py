"""PagerDuty's Events API v2: https://developer.pagerduty.com/docs/events-api-v2/overview/

Reads `action`, `dedup_key`, `alerts` and `counts` of a payload. An event ends where its alert is shown, and an incident
of PagerDuty begins, is acknowledged and ends with the same `dedup_key`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from web.delivery import http
from web.delivery.models import Attempt, Channel, Message
from web.delivery.secrets import decrypt
from web.delivery.senders.answers import Answer, judge

ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")
LONGEST_SUMMARY, LONGEST_KEY = 1024, 255
HASHED = "muster-"
"""The beginning of a key that was too long, so that its hash stands for it."""
MOST_ALERTS = 50
"""So many are listed in one event, which may have 512 kB; the counts are those of all."""


def send(message: Message, channel: Channel, now: datetime) -> Answer:
    action = message.payload.get("action")
    if action not in ACTIONS:
        return Answer(Attempt.Outcome.REFUSED, None, "PagerDuty takes alerts only, and this message is none.")
    event = {"routing_key": decrypt(channel.secret or b""), "event_action": action, **_event(message, action)}
    headers = {"Content-Type": "application/json"}
    url = decrypt(channel.target or b"")
    return judge(http.post(url, body=orjson.dumps(event), headers=headers, now=now))


def _event(message: Message, action: str) -> dict[str, Any]:
    key = {"dedup_key": dedup_key(message.payload)}
    if action != "trigger":
        return key
    alerts: Sequence[Mapping[str, Any]] = message.payload.get("alerts", [])
    first = min(alerts, key=_rank, default={})
    link = {"href": first.get("url"), "text": "Open in Muster"}
    details = {
        "text": message.text,
        "counts": message.payload.get("counts", {}),
        "alerts": alerts[:MOST_ALERTS],
    }
    payload = {
        "summary": message.subject[:LONGEST_SUMMARY],
        "source": first.get("object") or first.get("site") or "Muster",
        "severity": first.get("severity") if first.get("severity") in SEVERITIES else "error",
        "timestamp": first.get("began_at"),
        "component": first.get("object"),
        "group": first.get("site"),
        "class": first.get("kind"),
        "custom_details": details,
    }
    client = {"client": "Muster", "client_url": first.get("url"), "links": [link] if link["href"] else []}
    return {**key, **_filled(client), "payload": _filled(payload)}


def dedup_key(payload: Mapping[str, Any]) -> str:
    """The key as PagerDuty takes it; a longer one is hashed."""
    key = str(payload.get("dedup_key", ""))
    return key if len(key) <= LONGEST_KEY else f"{HASHED}{sha256(key.encode()).hexdigest()}"


def _rank(alert: Mapping[str, Any]) -> int:
    severity = alert.get("severity")
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}
