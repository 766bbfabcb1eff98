"""Webhooks of Alertmanager (version 4, with and without `notification_reason` and `routeLabels`) and of Grafana
(version 1, whose alerts have the same shape).

An alert that a message does not list has not ended: it may be silenced or inhibited there, have moved to another group,
or be one of the `truncatedAlerts`.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from readiness.loop.alerts.core.inbound.messages import (
    ALERTS,
    BodyNotRead,
    OutsideAlert,
    OutsideMessage,
    instant_of,
    line_of,
    read_object,
    text_of,
    texts_of,
    web_address,
)

_STATUSES = {"firing": True, "resolved": False}
_TITLES = ("summary", "title", "message")
_DETAILS = ("description", "message", "detail")


def read(body: bytes) -> OutsideMessage:
    content = read_object(body)
    alerts = content.get("alerts")
    if not isinstance(alerts, list):
        raise BodyNotRead(
            "it has no list `alerts`: send the body that comes with the program, no payload of your own"
        )
    if len(alerts) > ALERTS:
        raise BodyNotRead(f"it has {len(alerts)} alerts: set max_alerts to at most {ALERTS}")
    truncated = content.get("truncatedAlerts")
    return OutsideMessage(
        group=text_of(content.get("groupKey"), 1000),
        alerts=tuple(_alert(each, number) for number, each in enumerate(alerts)),
        truncated=truncated if isinstance(truncated, int) and truncated > 0 else 0,
    )


def _alert(alert: Any, number: int) -> OutsideAlert:
    if not isinstance(alert, dict):
        raise BodyNotRead(f"alerts[{number}] is no object")
    if alert.get("status") not in _STATUSES:
        raise BodyNotRead(f"alerts[{number}].status is neither firing nor resolved")
    labels, annotations = texts_of(alert.get("labels")), texts_of(alert.get("annotations"))
    if not labels:
        raise BodyNotRead(f"alerts[{number}] has no labels")
    return OutsideAlert(
        fingerprint=text_of(alert.get("fingerprint"), 100) or _fingerprint(labels),
        is_firing=_STATUSES[alert["status"]],
        labels=labels,
        title=line_of(_first(annotations, _TITLES) or labels.get("alertname", "")) or "Alert without a name",
        detail=_first(annotations, _DETAILS),
        url=web_address(alert.get("generatorURL")) or web_address(alert.get("dashboardURL")),
        starts_at=instant_of(alert.get("startsAt")),
        ends_at=instant_of(alert.get("endsAt")),
    )


def _first(texts: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((texts[name] for name in names if texts.get(name)), "")


def _fingerprint(labels: Mapping[str, str]) -> str:
    return sha256(repr(sorted(labels.items())).encode()).hexdigest()[:32]
