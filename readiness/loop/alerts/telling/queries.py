"""Read what a user has chosen to be told of, and what is missing so that somebody is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from accounts.models import User
from readiness.loop.alerts.models import AlertingState, AlertPreferences, Notice, Subscription
from web.delivery.models import Channel


@dataclass(frozen=True, slots=True)
class OwnAlerts:
    """`held_notices` is the number of notices that wait for the end of quiet hours."""

    preferences: AlertPreferences | None
    subscriptions: Sequence[Subscription]
    channels: Sequence[Channel]
    held_notices: int


def subscriptions_of(user: User) -> QuerySet[Subscription]:
    return Subscription.objects.filter(user=user).select_related("region", "site", "channel").order_by("pk")


def own_alerts(user: User, *, now: datetime) -> OwnAlerts:
    return OwnAlerts(
        AlertPreferences.objects.filter(user=user).first(),
        list(subscriptions_of(user)),
        list(Channel.objects.filter(owner=user, is_shared=False).order_by("name", "pk")),
        Notice.objects.waiting().filter(user=user, held_until__gt=now).count(),
    )


def last_resort() -> Channel | None:
    state = AlertingState.objects.select_related("last_resort").first()
    return state.last_resort if state else None
