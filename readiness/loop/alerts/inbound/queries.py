"""Alerts of other systems that wait for a mapping rule."""

from datetime import datetime

from accounts.models import User
from readiness.loop.alerts.models import InboundAlert
from readiness.loop.alerts.models.inbound import InboundAlertQuerySet


def unmapped(*, user: User, now: datetime) -> InboundAlertQuerySet:
    return InboundAlert.objects.unmapped()
