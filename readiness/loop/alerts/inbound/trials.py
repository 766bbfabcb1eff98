"""The trial of a body: each alert with its site, object and severity, and why. Nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from readiness.loop.alerts.core.inbound import alertmanager, pagerduty
from readiness.loop.alerts.core.inbound.messages import OutsideAlert, line_of, read_object, texts_of
from readiness.loop.alerts.inbound.rules import AlertPlace, places_of
from readiness.loop.alerts.models import AlertSender, SenderKind


@dataclass(frozen=True, slots=True)
class TriedAlert:
    alert: OutsideAlert
    place: AlertPlace


def try_body(body: bytes, sender: AlertSender, *, now: datetime) -> list[TriedAlert]:
    """Raises BodyNotRead."""
    alerts = _alerts(body, sender, now)
    places = places_of([alert.labels for alert in alerts], sender)
    return [TriedAlert(alert, place) for alert, place in zip(alerts, places, strict=True)]


def _alerts(body: bytes, sender: AlertSender, now: datetime) -> Sequence[OutsideAlert]:
    content = read_object(body)
    if sender.kind == SenderKind.PAGERDUTY and "event" in content:
        event = pagerduty.read(body, now=now)
        return event.message.alerts if event is not None else ()
    if "alerts" in content:
        return alertmanager.read(body).alerts
    labels = texts_of(content)
    title = line_of(labels.get("alertname", "")) or "Alert without a name"
    return (OutsideAlert(fingerprint="", is_firing=True, labels=labels, title=title),)
