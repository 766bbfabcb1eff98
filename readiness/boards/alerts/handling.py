"""The steps that a reader may take with an alert, and what its problem shows of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from readiness.boards.alerts.carriers import SEES_ALERTS, Carrier, carrier_now
from readiness.boards.alerts.forms import AcknowledgeForm, AssigneeForm, CommentForm, IncidentForm
from readiness.boards.alerts.told import NextLevel, ToldNotice, next_level, told_of
from readiness.loop.alerts.core.kinds import AlertSeverity
from readiness.loop.alerts.life import operations
from readiness.loop.alerts.life.queries import alerts
from readiness.loop.alerts.models import Alert, AlertEvent
from web.scopes import may_write

MOST_COMMENTS = 20


@dataclass(frozen=True, slots=True)
class Handling:
    """The forms of the steps that a reader may take; `back` is the page to return to. `why_not` says why there are
    none."""

    alert: Alert
    back: str
    acknowledge: AcknowledgeForm | None = None
    assign: AssigneeForm | None = None
    comment: CommentForm | None = None
    incident: IncidentForm | None = None
    may_end: bool = False
    why_not: str = ""


def handling_of(alert: Alert, user: Any, *, back: str) -> Handling:
    why_not = operations.comment.why_not(alert, user)
    if not why_not and not may_write(alert):
        why_not = "It lies outside the sites that you may change."
    if why_not:
        return Handling(alert, back, why_not=why_not)
    is_firing = alert.ended_at is None
    return Handling(
        alert,
        back,
        acknowledge=AcknowledgeForm(severity=AlertSeverity(alert.severity)) if is_firing else None,
        assign=AssigneeForm(initial={"to": alert.assigned_to_id}) if is_firing else None,
        comment=CommentForm(),
        incident=IncidentForm(initial={"url": alert.incident_url}),
        may_end=is_firing and alert.kind in operations.ENDED_BY_HAND,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemAlert:
    """The alert of a problem, for its panel: who is on it, who was told, what people said and did."""

    alert: Alert
    carrier: Carrier | None
    told: Sequence[ToldNotice]
    next_level: NextLevel | None
    events: Sequence[AlertEvent]
    handling: Handling


def alert_of_problem(problem_id: int, *, user: Any, back: str, now: datetime) -> ProblemAlert | None:
    """The alert of a problem that is open or was; None where it raised none, or the reader may see none. Six statements
    at most."""
    if not user.has_perm(SEES_ALERTS):
        return None
    alert = alerts().filter(problem=problem_id).order_by("-raised_at", "-pk").first()
    if alert is None:
        return None
    told = told_of(alert)
    people = alert.events.exclude(by=None).select_related("by", "whom").order_by("-at", "-pk")
    return ProblemAlert(
        alert=alert,
        carrier=carrier_now(alert, told),
        told=told,
        next_level=next_level(alert, now=now),
        events=list(people[:MOST_COMMENTS]),
        handling=handling_of(alert, user, back=back),
    )
