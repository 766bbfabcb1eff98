"""The kinds of rows in alerts that belong on the list of a leaver."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import User
from readiness.loop.alerts.models import AlertSender, EscalationRoute, MaintenanceWindow, Silence
from web import leaving


def register() -> None:
    leaving.register(
        "alert-senders",
        "Alert senders",
        leaving.AfterLeaving.GOES_ON,
        _senders,
        permission="alerts.view_alertsender",
    )
    leaving.register(
        "sender-tokens",
        "Alert senders whose token they made",
        leaving.AfterLeaving.SECRET_SEEN,
        _opened_senders,
        permission="alerts.view_alertsender",
    )
    leaving.register(
        "silences", "Silences", leaving.AfterLeaving.GOES_ON, _silences, permission="alerts.view_silence"
    )
    leaving.register(
        "windows",
        "Maintenance windows",
        leaving.AfterLeaving.GOES_ON,
        _windows,
        permission="alerts.view_maintenancewindow",
    )
    leaving.register(
        "escalation-routes",
        "Escalation routes that tell them",
        leaving.AfterLeaving.WAITS,
        _routes,
        permission="alerts.view_escalationroute",
    )


def _senders(person: User, *, now: datetime) -> QuerySet[AlertSender]:
    return AlertSender.objects.filter(owner=person).order_by("name")


def _opened_senders(person: User, *, now: datetime) -> QuerySet[AlertSender]:
    return AlertSender.objects.filter(token__created_by=person, token__enabled=True).order_by("name")


def _silences(person: User, *, now: datetime) -> QuerySet[Silence]:
    return Silence.objects.unfinished(now).filter(created_by=person).order_by("pk")


def _windows(person: User, *, now: datetime) -> QuerySet[MaintenanceWindow]:
    return MaintenanceWindow.objects.unfinished().filter(created_by=person).order_by("pk")


def _routes(person: User, *, now: datetime) -> QuerySet[EscalationRoute]:
    return EscalationRoute.objects.filter(levels__person__user=person).distinct().order_by("name")
