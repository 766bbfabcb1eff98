"""Events of PagerDuty: of incidents that Muster opened there, and of others, which are alerts here."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Length

from readiness.loop.alerts.core.inbound.pagerduty import ACKNOWLEDGED, TAKES_ON, IncidentEvent
from readiness.loop.alerts.core.kinds import AlertStanding
from readiness.loop.alerts.inbound.taking import take
from readiness.loop.alerts.life.operations import acknowledge
from readiness.loop.alerts.models import Alert, AlertSender, InboundWebhook
from readiness.loop.alerts.models.alerts import AlertQuerySet
from web.delivery.senders.pagerduty import HASHED, LONGEST_KEY, dedup_key
from web.workflows import NotInState

LATE_AFTER = timedelta(hours=1)
"""PagerDuty tries for 20 minutes; what comes later than this is a copy, and says nothing of the present."""


@transaction.atomic
def take_event(sender: AlertSender, event: IncidentEvent, *, webhook_id: str, now: datetime) -> str:
    """Take in one event, once for each webhook; returns what it did."""
    if webhook_id and not _is_first(sender, webhook_id, now):
        return "taken before"
    own = _opened_by_muster(event.key)
    if event.key.startswith(HASHED) or (event.key and own.exists()):
        alerts = own.open() if sender.site_id is None else own.open().filter(site=sender.site_id)
        taken_on = _take_on(alerts, event, now) if event.kind in TAKES_ON else 0
        return f"{taken_on} acknowledged"
    receipt = take(sender, event.message, now=now)
    if event.kind == ACKNOWLEDGED:
        keys = [row.key for row in receipt.rows.values() if row.is_open]
        _take_on(Alert.objects.open().filter(key__in=keys), event, now)
    return receipt.sentence


def _is_first(sender: AlertSender, webhook_id: str, now: datetime) -> bool:
    """Whether no other body has this webhook's id. Of two at the same moment, the second waits for the first."""
    _row, is_new = InboundWebhook.objects.get_or_create(
        sender=sender, webhook_id=webhook_id[:100], defaults={"taken_at": now}
    )
    return is_new


def _opened_by_muster(key: str) -> AlertQuerySet:
    """The alerts with the key that Muster gave an incident: that of one alert, or of a group. Of a key that is hashed,
    those that still fire."""
    if key.startswith(HASHED):
        candidates = Alert.objects.annotate(length=Length("key"), group_length=Length("group")).filter(
            Q(length__gt=LONGEST_KEY) | Q(group_length__gt=LONGEST_KEY), ended_at=None
        )
        hashed = [
            pk
            for pk, *names in candidates.values_list("pk", "key", "group")
            if key in (dedup_key({"dedup_key": name}) for name in names)
        ]
        return Alert.objects.filter(pk__in=hashed)
    return Alert.objects.filter(Q(key=key) | Q(group=key))


def _take_on(alerts: Iterable[Alert], event: IncidentEvent, now: datetime) -> int:
    """Acknowledge the alerts that have not changed since the event, and were not acknowledged after it; returns how
    many. PagerDuty's word that an incident is resolved ends nothing: what Muster sees does."""
    if now - event.at > LATE_AFTER:
        return 0
    verb = "Acknowledged" if event.kind == ACKNOWLEDGED else "Resolved"
    taken_on = 0
    for alert in alerts:
        is_newer = alert.acknowledged_at is None or alert.acknowledged_at < event.at
        if alert.ended_at is None and _unchanged_since(alert) <= event.at and is_newer:
            try:
                acknowledge(
                    alert, note=f"{verb} in PagerDuty, incident {event.number or event.id}", by=None, now=now
                )
            except NotInState:
                continue
            taken_on += 1
    return taken_on


def _unchanged_since(alert: Alert) -> datetime:
    """When an alert was raised, got worse or returned last. An earlier acknowledgement is about another state."""
    returned_at = alert.standing_since if alert.standing == AlertStanding.ESCALATING else None
    return max(filter(None, (alert.raised_at, alert.worse_at, returned_at)))
