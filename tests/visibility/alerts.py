"""Three people who take part in alerts, what holds them back, and who is told of them."""

from datetime import timedelta

from readiness.loop.alerts.inbound.senders import create_sender
from readiness.loop.alerts.models import (
    Alert,
    AlertEvent,
    AlertPreferences,
    EscalationLevel,
    EscalationRoute,
    MaintenanceWindow,
    Notice,
    Silence,
    Subscription,
)
from tests.readiness.assessment.scoring.stored import NOW
from web.delivery.models import Channel, Message
from web.security_log.models import SecurityEvent

DAY = timedelta(days=1)


def take_part(porto, one, two, third):
    """`one` and `two` are users, `third` is a person."""
    held_back = {
        "site": porto,
        "starts_at": NOW - DAY,
        "created_at": NOW - DAY,
        "created_by": one,
    }
    ended = {"ended_early_at": NOW, "ended_early_by": two}
    channel = Channel.objects.create(
        owner=two, kind="mailbox", name="Room", is_shared=True, created_at=NOW, verified_at=NOW
    )
    Message.objects.create(
        channel=channel, key="alerts-1", event="alert.raised", subject="Critical: Porto", created_at=NOW,
        state="sent", ended_at=NOW, give_up_at=NOW, replayed_by=two,
    )  # fmt: skip
    SecurityEvent.objects.create(action="refused", actor=one, account=two, at=NOW, last_at=NOW)
    alert = Alert.objects.create(
        key="problem:1", kind="health", group="problem:1", severity="critical", rank=0, site=porto,
        domain="compute", title="GPU temperature is critical", began_at=NOW - DAY, raised_at=NOW - DAY,
        standing="acknowledged", standing_since=NOW, acknowledged_by=one, acknowledged_at=NOW,
        acknowledged_until=NOW + DAY, assigned_to=two,
    )  # fmt: skip
    AlertEvent.objects.create(alert=alert, kind="acknowledged", at=NOW, by=one, until=NOW + DAY)
    AlertEvent.objects.create(alert=alert, kind="assigned", at=NOW, by=one, whom=two)
    Notice.objects.create(
        alert=alert,
        user=two,
        channel=channel,
        role="owner",
        reason="began",
        turn=1,
        at=NOW,
        sent_at=NOW,
    )
    Silence.objects.create(reason="Works", ends_at=NOW + DAY, **held_back, **ended)
    MaintenanceWindow.objects.create(
        name="Filters", duration_min=60, last_ends_at=NOW + DAY, **held_back, **ended
    )
    create_sender(name="prometheus", kind="alertmanager", site=porto, owner=two, by=one, now=NOW)
    route = EscalationRoute.objects.create(name="All")
    EscalationLevel.objects.create(route=route, after_min=0, target="person", person=third)
    AlertPreferences.objects.create(user=one)
    Subscription.objects.create(user=one, site=porto)
