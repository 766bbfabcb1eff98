"""Channels, drafts and messages for tests."""

from itertools import count

from tests.conftest import NOW, make_user
from web.delivery import outbox
from web.delivery.models import Channel, ChannelKind

_numbers = count(1)


def channel(owner=None, **given):
    """A verified mailbox, which any sender of a test may serve."""
    values = {
        "owner": owner or make_user("ops"),
        "name": f"channel {next(_numbers)}",
        "kind": ChannelKind.MAILBOX,
        "created_at": NOW,
        "verified_at": NOW,
    }
    return Channel.objects.create(**values | given)


def draft(channel, key="", **given):
    values = {
        "channel_id": channel.pk,
        "key": key or f"key-{next(_numbers)}",
        "event": "alert.raised",
        "subject": "Cooling unit 3 is critical",
        "text": "Supply air is 41 °C.",
    }
    return outbox.Draft(**values | given)


def message(channel, now=NOW, **given):
    return outbox.send([draft(channel, **given)], now=now)[0]
