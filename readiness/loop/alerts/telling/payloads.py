"""Alerts for programs: the payload of a message to a webhook, PagerDuty or Alertmanager."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from readiness.loop.alerts.core.grouping import AlertCounts, counts_of
from readiness.loop.alerts.models import Alert
from web.links import page_url

MOST_ALERTS = 50
"""The most alerts in one payload: some receivers take 20 kB at most. A webhook gets the others in further messages."""


@dataclass(frozen=True, slots=True)
class PayloadSubject:
    """The event of a message, for programs."""

    event: str
    action: str
    dedup_key: str


def absolute(path: str) -> str:
    """The address of a page; the path alone where the installation has no address of its own."""
    return f"{settings.BASE_URL}{path}" if path.startswith("/") else path


def alert_url(alert: Alert) -> str:
    """The page of the alert itself, on which it is acknowledged."""
    return absolute(page_url(alert) or alert.url)


def payload(
    subject: PayloadSubject,
    alerts: Sequence[Alert],
    *,
    key: str,
    now: datetime,
    actions: Mapping[int, str],
    most: int = MOST_ALERTS,
) -> dict[str, Any]:
    """`actions` say what to do, by alert."""
    return {
        "event": subject.event,
        "key": key,
        "at": now.isoformat(),
        "action": subject.action,
        "dedup_key": subject.dedup_key,
        "alerts": [_entry(alert, actions.get(alert.pk, "")) for alert in alerts[:most]],
        "counts": _counts(counts_of(alerts)),
    }


def _entry(alert: Alert, action: str) -> dict[str, Any]:
    return {
        "key": alert.key,
        "kind": alert.kind,
        "severity": alert.severity,
        "title": alert.title,
        "detail": alert.detail,
        "site": alert.site.slug if alert.site else None,
        "domain": alert.domain,
        "object": alert.object,
        "value": alert.value,
        "limit": alert.limit,
        "began_at": alert.began_at.isoformat(),
        "ended_at": alert.ended_at.isoformat() if alert.ended_at else None,
        "effect": {"kw": alert.kw, "workloads": alert.workloads},
        "action": action,
        "url": alert_url(alert) if settings.BASE_URL else None,
    }


def _counts(counts: AlertCounts) -> dict[str, Any]:
    return {
        "total": counts.total,
        "firing": counts.firing,
        "ended": counts.ended,
        "sites": counts.sites,
        "kw": counts.kw,
        **{severity.value: number for severity, number in counts.by_severity},
    }
