"""Alertmanager's API: https://github.com/prometheus/alertmanager/blob/main/docs/alerts_api.md

Reads `alerts`, `ends_at` and `lasts_s` of a payload. An alert that fires is sent again before its end, at which
Alertmanager ends it by itself: `lasts_s` after the attempt; one with an `ended_at` ends there. The labels tell alerts
apart, so they never change while one fires, and what does stands in annotations.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson

from web.delivery import http
from web.delivery.models import Attempt, Channel, Message
from web.delivery.secrets import decrypt
from web.delivery.senders.answers import Answer, judge

PATH = "/api/v2/alerts"
LABELS = ("severity", "site", "domain", "object")
ANNOTATIONS = {
    "title": "summary",
    "detail": "description",
    "action": "action",
    "value": "value",
    "limit": "limit",
}


def send(message: Message, channel: Channel, now: datetime) -> Answer:
    if message.payload.get("action") is None:
        return Answer(
            Attempt.Outcome.REFUSED, None, "Alertmanager takes alerts only, and this message is none."
        )
    ends_at = _ends_at(message, now)
    alerts = [_alert(alert, ends_at) for alert in message.payload.get("alerts", [])]
    headers = {"Content-Type": "application/json"}
    if channel.secret is not None:
        headers["Authorization"] = authorization(decrypt(channel.secret))
    url = decrypt(channel.target or b"").rstrip("/").removesuffix(PATH) + PATH
    return judge(http.post(url, body=orjson.dumps(alerts), headers=headers, now=now))


def _ends_at(message: Message, now: datetime) -> str | None:
    """When what fires ends by itself. A message that waited counts from its attempt, since the word that an alert ended
    waits behind it; one that somebody sends again from when it was written, since the alert may be long over."""
    lasts_s = message.payload.get("lasts_s")
    if lasts_s is None or message.replayed_at is not None:
        return message.payload.get("ends_at")
    return (now + timedelta(seconds=lasts_s)).isoformat()


def authorization(secret: str) -> str:
    """`user:password` signs in by name, any other secret is a token."""
    return f"Basic {b64encode(secret.encode()).decode()}" if ":" in secret else f"Bearer {secret}"


def _alert(alert: Mapping[str, Any], ends_at: str | None) -> dict[str, Any]:
    labels = {"alertname": f"muster_{alert.get('kind', 'alert')}", "muster_key": str(alert.get("key", ""))}
    labels |= {name: str(alert[name]) for name in LABELS if alert.get(name)}
    annotations = {
        ours: str(alert[name]) for name, ours in ANNOTATIONS.items() if alert.get(name) not in (None, "")
    }
    times = {"startsAt": alert.get("began_at"), "endsAt": alert.get("ended_at") or ends_at}
    body = {"labels": labels, "annotations": annotations, "generatorURL": alert.get("url")}
    return {name: value for name, value in (body | times).items() if value}
