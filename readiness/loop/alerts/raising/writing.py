"""Open, change and end alerts by their keys: the only way in which alerts come and go."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from readiness.loop.alerts.core.kinds import AlertSeverity, AlertStanding
from readiness.loop.alerts.core.present import PresentAlert
from readiness.loop.alerts.models import Alert, AlertEvent, EndedBy

# In front of the first colon of a key stands who raises it; one of them writes at a time.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.alerts.' || name)) FROM unnest(%s::text[]) AS name"
_LINK = """
UPDATE alerts_alert AS alert SET cause_id = link.cause_id, next_at = %(now)s, position = NULL
FROM unnest(%(ids)s::bigint[], %(causes)s::bigint[]) AS link (id, cause_id)
WHERE alert.id = link.id AND alert.cause_id IS DISTINCT FROM link.cause_id
"""
_COPIED = (
    *("kind", "title", "detail", "value", "limit", "url", "site_id", "domain", "check_id", "object"),
    *("problem_id", "kw", "workloads", "due_at", "cause_key"),
)
_CHANGED = [
    *(name.removesuffix("_id") if name in ("site_id", "problem_id") else name for name in _COPIED),
    *("severity", "rank", "worse_at", "escalating_since", "level", "cause", "next_at", "position"),
]


@transaction.atomic
def write(present: Sequence[PresentAlert], *, endings: Mapping[str, EndedBy], now: datetime) -> None:
    """Open, change or end the alert of each key, and mark it for the next run. What is neither present nor ended stays
    as it is, and so does the group of an open alert. The end of an alert that is not open changes nothing; a key in
    both ends its alert and opens another.

    A fixed number of statements, however many there are.
    """
    newest = {alert.key: alert for alert in present}
    keys = sorted({*newest, *endings})
    if not keys:
        return
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [sorted({key.partition(":")[0] for key in keys})])
    open_alerts = {
        alert.key: alert
        for alert in Alert.objects.open().filter(key__in=keys).order_by("pk").select_for_update()
    }
    ended_alerts = [open_alerts.pop(key) for key in sorted(endings) if key in open_alerts]
    events = [*_end_alerts(ended_alerts, endings, now=now), *_hand_over(ended_alerts, now=now)]
    changed_alerts = [
        alert for alert in open_alerts.values() if _change_alert(alert, newest[alert.key], events, now=now)
    ]
    new_alerts = [
        _new_alert(each, now=now)
        for key, each in sorted(newest.items())
        if key not in open_alerts and each.is_raised
    ]
    Alert.objects.bulk_create(
        changed_alerts, update_conflicts=True, unique_fields=["id"], update_fields=_CHANGED
    )
    Alert.objects.bulk_create(new_alerts)
    _link([*new_alerts, *changed_alerts], new_alerts, now=now)
    events += [AlertEvent(alert=alert, kind=AlertEvent.Kind.RAISED, at=now) for alert in new_alerts]
    AlertEvent.objects.bulk_create(events)


def _new_alert(present: PresentAlert, *, now: datetime) -> Alert:
    return Alert(
        key=present.key,
        group=present.group,
        severity=present.severity,
        rank=present.severity.rank,
        began_at=min(present.began_at, now),
        raised_at=now,
        standing=AlertStanding.ESCALATING,
        standing_since=now,
        escalating_since=now,
        next_at=now,
        **{name: getattr(present, name) for name in _COPIED},
    )


def _change_alert(alert: Alert, present: PresentAlert, events: list[AlertEvent], *, now: datetime) -> bool:
    """Update an open alert; returns whether anything differs. One that gets worse escalates anew."""
    columns = [name for name in _COPIED if getattr(alert, name) != getattr(present, name)]
    severity_before = AlertSeverity(alert.severity)
    if not columns and severity_before is present.severity:
        return False
    for name in columns:
        setattr(alert, name, getattr(present, name))
    if severity_before is not present.severity:
        is_worse = present.severity.rank < severity_before.rank
        alert.severity, alert.rank = present.severity, present.severity.rank
        kind = AlertEvent.Kind.WORSE if is_worse else AlertEvent.Kind.BETTER
        events.append(
            AlertEvent(alert=alert, kind=kind, at=now, text=f"{severity_before} to {present.severity}")
        )
        if is_worse:
            alert.worse_at = now
            if alert.standing == AlertStanding.ESCALATING:
                alert.escalating_since, alert.level = now, 0
    if "cause_key" in columns:
        alert.cause = None
    if severity_before is not present.severity or "cause_key" in columns:
        alert.next_at = now
    alert.position = None
    return True


def _end_alerts(
    alerts: Collection[Alert], endings: Mapping[str, EndedBy], *, now: datetime
) -> list[AlertEvent]:
    for alert in alerts:
        alert.ended_at, alert.ended_by = now, endings[alert.key]
        alert.standing, alert.standing_since, alert.standing_by = AlertStanding.OVER, now, ""
        alert.next_at, alert.position = now, None
    columns = ["ended_at", "ended_by", "standing", "standing_since", "standing_by", "next_at", "position"]
    Alert.objects.bulk_create(alerts, update_conflicts=True, unique_fields=["id"], update_fields=columns)
    return [
        AlertEvent(alert=alert, kind=AlertEvent.Kind.ENDED, at=now, text=EndedBy(alert.ended_by).label)
        for alert in alerts
    ]


def _hand_over(ended_alerts: Collection[Alert], *, now: datetime) -> list[AlertEvent]:
    """Acknowledge the alerts that an ended alert stood for, by whoever had acknowledged that one; otherwise
    each of them would call that person again."""
    causes = {
        alert.pk: alert
        for alert in ended_alerts
        if alert.ended_by == EndedBy.REGROUPED and alert.acknowledged_until and alert.acknowledged_until > now
    }
    if not causes:
        return []
    muted = Alert.objects.open().filter(cause__in=causes, standing=AlertStanding.MUTED)
    alerts = list(muted.order_by("pk").select_for_update())
    for alert in alerts:
        cause = causes[alert.cause_id or 0]
        alert.acknowledged_by_id = cause.acknowledged_by_id
        alert.acknowledged_at, alert.acknowledged_until = cause.acknowledged_at, cause.acknowledged_until
        alert.next_at = now
    names = ["acknowledged_by", "acknowledged_at", "acknowledged_until", "next_at"]
    Alert.objects.bulk_update(alerts, names)
    return [
        AlertEvent(
            alert=alert,
            kind=AlertEvent.Kind.ACKNOWLEDGED,
            at=now,
            by_id=alert.acknowledged_by_id,
            text="With the alert that stood for several",
            until=alert.acknowledged_until,
        )
        for alert in alerts
    ]


def _link(touched: Iterable[Alert], new_alerts: Iterable[Alert], *, now: datetime) -> None:
    """Link these alerts to their open causes, and open alerts to the new ones that they follow from."""
    keys = {alert.key: alert.pk for alert in new_alerts}
    cause_keys = {alert.pk: alert.cause_key for alert in touched if alert.cause_key}
    waiting = Alert.objects.open().filter(cause_key__in=list(keys)).order_by("pk")
    cause_keys |= dict(waiting.select_for_update(no_key=True).values_list("pk", "cause_key"))
    others = Alert.objects.open().filter(key__in=set(cause_keys.values()) - keys.keys())
    keys |= dict(others.values_list("key", "pk"))
    links = {pk: keys[key] for pk, key in cause_keys.items() if key in keys}
    if links:
        with connection.cursor() as cursor:
            values: dict[str, Any] = {"ids": list(links), "causes": list(links.values()), "now": now}
            cursor.execute(_LINK, values)
