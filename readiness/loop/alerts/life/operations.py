"""Steps that people take about an alert. None changes one that is over."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from accounts.models import User
from readiness.loop.alerts.core.kinds import AlertKind, AlertSeverity, AlertStanding, NoticeReason
from readiness.loop.alerts.core.life import ACKNOWLEDGED_AT_MOST, acknowledged_for
from readiness.loop.alerts.core.transitions import Transition
from readiness.loop.alerts.life.queries import waits_for
from readiness.loop.alerts.models import Alert, AlertEvent, EndedBy
from readiness.loop.alerts.models.alerts import STANDINGS
from readiness.loop.alerts.telling.notices import write_notices
from web.scopes import everything, read_as
from web.workflows import NotInState, Workflow
from web.workflows.waiting import Turn, subjects_by

MAY_HANDLE = "alerts.handle_alert"
ENDED_BY_HAND = (AlertKind.CERTIFICATE,)
"""Kinds of which no evidence comes once nobody looks any more."""
_FIRING = [standing.value for standing in AlertStanding if standing is not AlertStanding.OVER]

ALERTS = Workflow(
    model=Alert,
    states=dict(STANDINGS),
    state_of=lambda alert, now: alert.standing,
    joined=("site",),
    refusal="The alert is {state}, so nothing can be done about it any more.",
)


TAKING = Turn(
    kind="Acknowledge an alert",
    verb="Acknowledge",
    tab="alerts",
    page="alert",
    of=lambda by, now: waits_for(by),
    subjects=subjects_by(str),
    since="standing_since",
)


@ALERTS.step(after=_FIRING, any_of=(MAY_HANDLE,), fields=("until",), by_clock=True, turn=TAKING)
def acknowledge(
    alert: Alert, *, until: datetime | None = None, note: str, by: User | None, now: datetime
) -> None:
    """Take an alert on until an instant, after which it returns.

    Without one it is for a shift or a day, by severity. A second acknowledgement replaces the first. `by` is None for
    somebody in another system, whom the note names.
    """
    until = until or now + acknowledged_for(AlertSeverity(alert.severity))
    if not now < until <= now + ACKNOWLEDGED_AT_MOST:
        raise ValidationError({"until": [f"Enter a time within {ACKNOWLEDGED_AT_MOST.days} days from now."]})
    alert.acknowledged_by, alert.acknowledged_at, alert.acknowledged_until = by, now, until
    if alert.standing != AlertStanding.ACKNOWLEDGED:
        alert.standing, alert.standing_since, alert.standing_by = AlertStanding.ACKNOWLEDGED, now, ""
    _save_event(alert, AlertEvent.Kind.ACKNOWLEDGED, by=by, now=now, text=note, until=until)
    _notify(alert, NoticeReason.ACKNOWLEDGED, now=now)


@ALERTS.step(after=_FIRING, any_of=(MAY_HANDLE,), fields=("to",))
def assign(alert: Alert, *, to: User | None = None, note: str, by: User, now: datetime) -> None:
    """Assign an alert to a user, who is told, or to nobody."""
    if to is not None and not _may_see(alert, to):
        raise ValidationError({"to": ["This user does not see the alert."]})
    if alert.assigned_to == to:
        return
    alert.assigned_to = to
    _save_event(alert, AlertEvent.Kind.ASSIGNED, by=by, now=now, text=note, whom=to)
    if to is not None and to != by:
        _notify(alert, NoticeReason.ASSIGNED, now=now)


def _may_see(alert: Alert, user: User) -> bool:
    if not user.is_active or not user.has_perm("alerts.view_alert"):
        return False
    with read_as(user):
        return Alert.objects.filter(pk=alert.pk).exists()


@ALERTS.step(after=list(AlertStanding), any_of=(MAY_HANDLE,), words="text", must_say=True)
def comment(alert: Alert, *, text: str, by: User, now: datetime) -> None:
    """Write a comment, also on an alert that is over."""
    AlertEvent.objects.create(alert=alert, kind=AlertEvent.Kind.COMMENTED, at=now, by=by, text=text)


@ALERTS.step(after=list(AlertStanding), any_of=(MAY_HANDLE,), words="url", longest=500)
def link_incident(alert: Alert, *, url: str, by: User, now: datetime) -> None:
    """Link an alert to the incident in another system; "" removes the link."""
    if url:
        try:
            URLValidator(["http", "https"])(url)
        except ValidationError as error:
            raise ValidationError({"url": error.messages}) from error
    if url != alert.incident_url:
        alert.incident_url = url
        _save_event(alert, AlertEvent.Kind.LINKED, by=by, now=now, text=url)


@ALERTS.step(after=_FIRING, any_of=(MAY_HANDLE,), words="reason", must_say=True)
def end(alert: Alert, *, reason: str, by: User, now: datetime) -> None:
    """End the alert of a TLS certificate that nobody probes any more.

    If its target was read within a day, the next run raises another one.
    """
    if alert.kind not in ENDED_BY_HAND:
        raise NotInState("Only the alert of a TLS certificate is ended by hand; this one ends by evidence.")
    alert.ended_at, alert.ended_by, alert.next_at = now, EndedBy.PERSON, now
    alert.standing, alert.standing_since, alert.standing_by = AlertStanding.OVER, now, ""
    _save_event(alert, AlertEvent.Kind.ENDED, by=by, now=now, text=reason)


def _save_event(
    alert: Alert, kind: AlertEvent.Kind, *, by: User | None, now: datetime, **columns: Any
) -> None:
    """Write the event and the alert, which the next run looks at."""
    alert.next_at = alert.next_at if alert.ended_at else now
    alert.position = None
    alert.save()
    AlertEvent.objects.create(alert=alert, kind=kind, at=now, by=by, **columns)


def _notify(alert: Alert, reason: NoticeReason, *, now: datetime) -> None:
    alert.turn += 1
    alert.save(update_fields=["turn"])
    with everything():
        write_notices([Transition(alert, reason, alert.level, alert.turn)], now=now)
