"""A channel whose receiver is gone is disabled, and its owner told: by another channel, and in the inbox."""

from datetime import datetime

from django.template.loader import render_to_string

from web.delivery import outbox
from web.delivery.models import GONE, Channel
from web.delivery.outbox import Draft
from web.delivery.queries import nearest_channel


def disable_gone(channel: Channel, *, now: datetime) -> None:
    """Disable it, unless it is already; the inbox shows it as long as it is (`web/delivery/inbox.py`)."""
    if channel.disabled_at is not None:
        return
    channel.disabled_at, channel.disabled_for = now, GONE
    channel.save(update_fields=["disabled_at", "disabled_for"])
    others = Channel.objects.usable().filter(owner=channel.owner_id).exclude(pk=channel.pk)
    if (other := nearest_channel(others)) is not None:
        draft = Draft(
            channel_id=other.pk,
            key=f"channel.gone-{channel.pk}-{now.timestamp():.0f}",
            event="channel.gone",
            subject=f"Muster no longer sends to {channel.name}",
            text=render_to_string("web/deliveries/gone.txt", {"channel": channel, "at": now}),
            payload={"event": "channel.gone", "at": now.isoformat(), "channel": channel.name},
            is_urgent=True,
        )
        outbox.send([draft], now=now)
