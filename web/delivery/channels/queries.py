"""Channels as their reader may see them."""

from enum import StrEnum

from django.db.models import QuerySet

from accounts.models import User
from web import visibility
from web.delivery.models import Channel, ChannelKind


class ChannelStanding(StrEnum):
    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    DISABLED = "disabled"


def channels_of(user: User) -> QuerySet[Channel]:
    """Their own, and shared ones that they may see."""
    return Channel.objects.visible_to(user).select_related("owner")


def channel_state(channel: Channel) -> ChannelStanding:
    if channel.disabled_at is not None:
        return ChannelStanding.DISABLED
    return ChannelStanding.CONFIRMED if channel.verified_at is not None else ChannelStanding.UNCONFIRMED


def scope_of(channel: Channel) -> str:
    return f"{channel.scope_kind} {channel.scope_slug}" if channel.scope_slug else ""


def seen_address(channel: Channel) -> str:
    """A mail address may name somebody; one's own channel one always sees whole."""
    reader = visibility.reader()
    if reader is not None and channel.owner_id == reader.pk:
        return channel.address
    return str(visibility.visible_value(channel, "address", channel.address))


def may_change(channel: Channel, user: User) -> bool:
    return channel.owner_id == user.pk or (channel.is_shared and user.has_perm("web.change_channel"))


def takes_code(channel: Channel) -> bool:
    """Whether people read it, who confirm it by a code."""
    return channel.kind in (ChannelKind.MAIL, ChannelKind.CHAT)
