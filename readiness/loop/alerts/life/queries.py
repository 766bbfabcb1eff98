"""Alerts for lists and for programs."""

from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q

from readiness.loop.alerts.core.kinds import AlertStanding
from readiness.loop.alerts.core.routes import SUBSCRIBER, NotTold
from readiness.loop.alerts.models import Alert, AlertEvent, Notice
from readiness.loop.alerts.models.alerts import AlertQuerySet


def alerts() -> AlertQuerySet:
    """Every alert, the most severe first, and then those of the largest sites."""
    return Alert.objects.select_related("site", "cause", "acknowledged_by", "assigned_to")


def alerts_with_events() -> AlertQuerySet:
    """Every alert with its events and notices; four statements more."""
    events = AlertEvent.objects.select_related("by", "whom").order_by("at", "pk")
    notices = Notice.objects.select_related("user").order_by("at", "pk")
    return alerts().prefetch_related(Prefetch("events", events), Prefetch("notices", notices))


def waits_for(by: Any) -> Q:
    """A condition for alerts that wait for a user: nobody has taken them, and the user was told, or has it assigned."""
    notices = Notice.objects.filter(alert=OuterRef("pk"), user=by.pk, lack=NotTold.NONE)
    is_told = Exists(notices.exclude(role=SUBSCRIBER))
    return Q(Q(assigned_to=by.pk) | Q(is_told), standing=AlertStanding.ESCALATING)
