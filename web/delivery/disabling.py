"""A channel whose receiver is gone is disabled, and its owner told: by another channel, and in the inbox."""

from datetime import datetime

from django.template.loader import render_to_string

from web.delivery import outbox
from web.delivery.models import GONE, Channel, ChannelKind
from web.delivery.outbox import Draft

_FIRST = (ChannelKind.MAIL, ChannelKind.CHAT, ChannelKind.WEBHOOK)


def disable_gone(channel: Channel, *, now: datetime) -> None:
    """Disable it, unless it is already; the inbox shows it as long as it is (`web/delivery/inbox.py`)."""
    if channel.disabled_at is not None:
        return
    channel.disabled_at, channel.disabled_for = now, GONE
    channel.save(update_fields=["disabled_at", "disabled_for"])
    if (other := _another(channel)) is not None:
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


def _another(channel: Channel) -> Channel | None:
    usable = Channel.objects.usable().filter(owner=channel.owner_id).exclude(pk=channel.pk)
    ranks = {kind: rank for rank, kind in enumerate(_FIRST)}
    return min(
        usable.order_by("pk"),
        key=lambda other: (other.is_shared, ranks.get(ChannelKind(other.kind), len(ranks))),
        default=None,
    )
