"""How users want to be told, and of what besides what is theirs."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from readiness.assessment.framework import queries as framework_queries
from readiness.loop.alerts.models import AlertingState, AlertPreferences, Notice, Subscription
from web.delivery.models import Channel
from web.scopes import everything

AWAKE_AT_MOST = timedelta(days=1)
MOST_SUBSCRIPTIONS = 100


@transaction.atomic
def set_preferences(*, by: User, now: datetime, **columns: Any) -> AlertPreferences:
    """Change one's own quiet hours, `awake_until` and digests. Notices that wait follow the new hours."""
    quiet: dict[str, time | None] = {name: columns.get(name) for name in ("quiet_from", "quiet_until")}
    if (quiet["quiet_from"] is None) != (quiet["quiet_until"] is None):
        raise ValidationError({"quiet_until": ["Quiet hours have a beginning and an end."]})
    awake_until = columns.get("awake_until")
    if awake_until is not None and awake_until > now + AWAKE_AT_MOST:
        raise ValidationError({"awake_until": ["Enter a time within a day from now."]})
    preferences, _is_new = AlertPreferences.objects.update_or_create(user=by, defaults=columns)
    _hold_waiting_notices(preferences, by, now)
    return preferences


def _hold_waiting_notices(stored: AlertPreferences, user: User, now: datetime) -> None:
    until = stored.held_until(ZoneInfo(user.time_zone), now=now)
    with everything():
        Notice.objects.waiting().filter(user=user, is_page=False, channel__is_shared=False).update(
            held_until=until
        )


def subscribe(*, by: User, now: datetime, **columns: Any) -> Subscription:
    subscription = Subscription(user=by, **columns)
    if Subscription.objects.filter(user=by).count() >= MOST_SUBSCRIPTIONS:
        raise ValidationError(f"You have {MOST_SUBSCRIPTIONS} subscriptions. Delete one first.")
    return _save_subscription(subscription)


def change_subscription(
    subscription: Subscription, *, by: User, now: datetime, **columns: Any
) -> Subscription:
    for name, value in columns.items():
        setattr(subscription, name, value)
    return _save_subscription(subscription)


def _save_subscription(subscription: Subscription) -> Subscription:
    channel: Channel | None = subscription.channel
    if channel is not None and channel.owner_id != subscription.user_id and not channel.is_shared:
        raise ValidationError({"channel": ["Choose a channel of yours, or a shared one."]})
    _version, framework = framework_queries.current()
    if subscription.check_id and subscription.check_id not in framework.checks_by_id:
        raise ValidationError({"check_id": ["There is no such check."]})
    if subscription.pillar and subscription.pillar not in {pillar.id for pillar in framework.pillars}:
        raise ValidationError({"pillar": ["There is no such pillar."]})
    subscription.full_clean()
    subscription.save()
    return subscription


def unsubscribe(subscription: Subscription, *, by: User, now: datetime) -> None:
    subscription.delete()


def set_last_resort(*, channel: Channel | None, by: User, now: datetime) -> None:
    """Set the channel of alerts that nobody takes; None for no channel."""
    if channel is not None and not channel.is_shared:
        raise ValidationError({"channel": ["Choose a shared channel."]})
    if channel is not None and channel.scope_kind:
        raise ValidationError(
            {"channel": ["Choose a channel of all sites: this one reads those of one place."]}
        )
    AlertingState.objects.update_or_create(pk=1, defaults={"last_resort": channel})
