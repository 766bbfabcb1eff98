"""The next step of every alert that is due: gather, decide, write, and give what there is to tell."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from readiness.loop.alerts.core.kinds import AlertSeverity, AlertStanding, NoticeReason
from readiness.loop.alerts.core.life import Ack, AlertCause, Firing, SilencedSpan, standing_of
from readiness.loop.alerts.core.routes import ESCALATES, Recipients
from readiness.loop.alerts.core.steps import LifeStep, StoredLife, step
from readiness.loop.alerts.core.transitions import Transition
from readiness.loop.alerts.models import Alert, AlertEvent
from readiness.loop.alerts.silencing.spans import spans_of
from readiness.loop.alerts.telling.notices import told_recipient_keys, write_notices
from readiness.loop.alerts.telling.recipients import recipients_of

AT_ONCE = 2_000
"""Alerts whose steps are taken in one transaction, with those that follow from them."""
_COLUMNS = {
    "id": "bigint",
    "standing": "text",
    "standing_since": "timestamptz",
    "standing_by": "text",
    "escalating_since": "timestamptz",
    "level": "int",
    "turn": "int",
    "next_at": "timestamptz",
    "acknowledged_by_id": "bigint",
    "acknowledged_at": "timestamptz",
    "acknowledged_until": "timestamptz",
    "position": "bigint",
}
# An upsert by the ORM would send all columns of every alert.
_WRITE = f"""
UPDATE alerts_alert AS alert SET {", ".join(f"{name} = taken.{name}" for name in _COLUMNS if name != "id")}
FROM unnest({", ".join(f"%({name})s::{kind}[]" for name, kind in _COLUMNS.items())})
    AS taken ({", ".join(_COLUMNS)}) WHERE alert.id = taken.id
"""


@dataclass(frozen=True, slots=True)
class _Facts:
    spans: Mapping[int, Sequence[SilencedSpan]]
    recipients: Mapping[int, Recipients]
    began_at: datetime | None

    def told_to(self, alert: Alert) -> frozenset[str]:
        recipients = self.recipients.get(alert.pk)
        return recipients.keys if recipients is not None else frozenset()

    def delays(self, alert: Alert) -> Sequence[timedelta]:
        """The delays of the levels of its route: at least one, also if nobody is told."""
        recipients = self.recipients.get(alert.pk)
        return (
            [level.after for level in recipients.levels]
            if recipients and recipients.levels
            else [timedelta()]
        )


@transaction.atomic
def advance(*, began_at: datetime | None, now: datetime) -> int:
    """Take the steps that are due, and tell of them; returns how many alerts were looked at, 0 when none is due any
    more. `began_at` is when alerting began. A fixed number of statements for AT_ONCE alerts."""
    alerts = _due_alerts(now)
    if not alerts:
        return 0
    by_id = _causes(alerts) | {alert.pk: alert for alert in alerts}
    open_alerts = [alert for alert in alerts if alert.ended_at is None]
    facts = _Facts(
        spans_of(open_alerts, now=now),
        recipients_of([alert for alert in by_id.values() if alert.ended_at is None], now=now),
        began_at,
    )
    transitions: list[Transition[Alert]] = []
    events: list[AlertEvent] = []
    continuing_alerts: list[Alert] = []
    for alert in sorted(alerts, key=lambda each: (_depth(each, by_id), each.pk)):
        if alert.ended_at is not None:
            # Another run that came first has told it.
            if alert.next_at is not None:
                _add_transitions(transitions, alert, [(NoticeReason.ENDED, alert.level)])
                alert.next_at = None
            continue
        life_step = _next_step(alert, by_id, facts, now=now)
        events += _apply_step(alert, life_step, now=now)
        _add_transitions(transitions, alert, life_step.tells)
        if life_step.standing is AlertStanding.ESCALATING and not life_step.tells:
            continuing_alerts.append(alert)
    _catch_up(transitions, continuing_alerts, facts, now=now)
    _write(alerts)
    AlertEvent.objects.bulk_create(events)
    write_notices(transitions, now=now, recipients=facts.recipients)
    return len(alerts)


def _write(alerts: Sequence[Alert]) -> None:
    values: dict[str, Any] = {name: [getattr(alert, name) for alert in alerts] for name in _COLUMNS}
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, values)


def _due_alerts(now: datetime) -> list[Alert]:
    """Lock the alerts that are due, and the open ones that follow from these, in the order of their keys."""
    due_ids = list(
        Alert.objects.filter(next_at__lte=now)
        .order_by("next_at", "pk")
        .values_list("pk", flat=True)[:AT_ONCE]
    )
    if not due_ids:
        return []
    follows = Q(cause__in=due_ids) | Q(cause__cause__in=due_ids)
    rows = Alert.objects.filter(Q(pk__in=due_ids) | Q(ended_at=None) & follows)
    return list(rows.order_by("pk").select_for_update(of=("self",)))


def _causes(alerts: Sequence[Alert]) -> dict[int, Alert]:
    """The causes of these alerts, and the causes of those; two statements."""
    causes = Alert.objects.in_bulk({alert.cause_id for alert in alerts} - {None})
    return Alert.objects.in_bulk({cause.cause_id for cause in causes.values()} - {None}) | causes


def _depth(alert: Alert, by_id: Mapping[int, Alert]) -> int:
    """Causes come first, since what follows from them depends on how they stand."""
    cause = by_id.get(alert.cause_id or 0)
    return 0 if cause is None else 1 if cause.cause_id is None else 2


def _next_step(alert: Alert, alerts: Mapping[int, Alert], facts: _Facts, *, now: datetime) -> LifeStep:
    severity = AlertSeverity(alert.severity)
    ack = None
    if alert.acknowledged_at is not None and alert.acknowledged_until is not None:
        ack = Ack(alert.acknowledged_at, alert.acknowledged_until)
    firing = Firing(
        severity=severity,
        began_at=alert.began_at,
        told_to=facts.told_to(alert),
        worse_at=alert.worse_at,
        ack=ack,
        spans=facts.spans.get(alert.pk, ()),
        cause=_cause(alert, alerts, facts),
    )
    stored = StoredLife(
        standing=AlertStanding(alert.standing),
        since=alert.standing_since,
        severity=severity,
        by=alert.standing_by,
        escalating_since=alert.escalating_since,
        level=alert.level,
        worse_at=alert.worse_at,
        ack=ack,
        was_open_at_start=facts.began_at is not None and alert.raised_at <= facts.began_at,
    )
    return step(stored, standing_of(firing, now=now), facts.delays(alert), now=now)


def _cause(alert: Alert, alerts: Mapping[int, Alert], facts: _Facts) -> AlertCause | None:
    """The cause of an alert. If the cause is muted, its own cause stands for both."""
    cause = alerts.get(alert.cause_id or 0)
    if cause is not None and cause.standing == AlertStanding.MUTED:
        cause = alerts.get(cause.cause_id or 0, cause)
    if cause is None:
        return None
    return AlertCause(
        began_at=cause.began_at,
        worse_at=cause.worse_at,
        severity=AlertSeverity(cause.severity),
        standing=AlertStanding(cause.standing),
        told_to=facts.told_to(cause),
    )


def _apply_step(alert: Alert, life_step: LifeStep, *, now: datetime) -> list[AlertEvent]:
    was_acknowledged = alert.standing == AlertStanding.ACKNOWLEDGED
    if was_acknowledged and life_step.standing is not AlertStanding.ACKNOWLEDGED:
        alert.acknowledged_by = alert.acknowledged_at = alert.acknowledged_until = None
    before = alert.standing, alert.standing_by, alert.level
    alert.standing, alert.standing_since, alert.standing_by = (
        life_step.standing,
        life_step.since,
        life_step.by,
    )
    alert.escalating_since, alert.level, alert.next_at = (
        life_step.escalating_since,
        life_step.level,
        life_step.next_at,
    )
    if before != (alert.standing, alert.standing_by, alert.level):
        alert.position = None
    return [
        AlertEvent(alert=alert, kind=AlertEvent.Kind(event.value), at=now, level=level, text=life_step.by)
        for event, level in life_step.events
    ]


def _add_transitions(
    transitions: list[Transition[Alert]], alert: Alert, tells: Collection[tuple[NoticeReason, int]]
) -> None:
    for reason, level in tells:
        alert.turn += 1
        transitions.append(Transition(alert, reason, level, alert.turn))


def _catch_up(
    transitions: list[Transition[Alert]], alerts: Collection[Alert], facts: _Facts, *, now: datetime
) -> None:
    """Tell those who came on call after their level was told, where the step itself tells nobody. One statement, if any
    of these alerts escalates."""
    escalating_alerts = [
        alert for alert in alerts if alert.severity in ESCALATES and alert.pk in facts.recipients
    ]
    told_keys = told_recipient_keys([alert.pk for alert in escalating_alerts])
    for alert in escalating_alerts:
        levels, after = facts.recipients[alert.pk], now - (alert.escalating_since or now)
        if levels.keys_due(after) - told_keys.get(alert.pk, set()):
            alert.turn += 1
            due_level = sum(level.after <= after for level in levels.levels)
            transitions.append(
                Transition(alert, NoticeReason.ESCALATED, due_level, alert.turn, is_catch_up=True)
            )
