"""Which digests are due, to whom and through which channel."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import OuterRef

from accounts.models import User
from accounts.queries import names_of_permissions, slugs_of_scopes
from readiness.boards.digests.core import Cadence, Period, due_at, period_until
from readiness.boards.digests.queries import SEES_ALERTS
from readiness.loop.alerts.models import AlertPreferences
from web.delivery.models import Channel, ChannelKind, Message

READ_BY_PEOPLE = (ChannelKind.MAIL, ChannelKind.MAILBOX)
USUAL_FOR = {
    Cadence.DAILY: ("telemetry.change_source",),
    Cadence.WEEKLY: ("tradeoffs.add_decision", "tradeoffs.approve_decision"),
}
"""Who gets a digest without having chosen: users with one of these permissions."""


@dataclass(frozen=True, slots=True)
class DueDigest:
    """`send_at` is the end of the reader's quiet hours, None outside of them."""

    reader: User
    channel: Channel
    period: Period
    key: str
    send_at: datetime | None


def due_digests(*, now: datetime) -> list[DueDigest]:
    """Digests of this morning that are not written yet, one for each reader and cadence, through the reader's first
    channel for mail. Three statements, one while it is no reader's morning."""
    channels = _first_channels(now)
    if not channels:
        return []
    readers = User.objects.filter(pk__in=channels, is_active=True).select_related("alert_preferences")
    readers = readers.annotate(
        permission_names=names_of_permissions(OuterRef("pk")), scope_slugs=slugs_of_scopes(OuterRef("pk"))
    )
    due = [each for reader in readers.order_by("pk") for each in _due_to(reader, channels[reader.pk], now)]
    written = set(Message.objects.filter(key__in=[each.key for each in due]).values_list("key", flat=True))
    return [each for each in due if each.key not in written]


def _first_channels(now: datetime) -> dict[int, Channel]:
    """Channels by owner, of those owners whose morning it is. A channel must have been confirmed before the digest was
    due."""
    channels: dict[int, Channel] = {}
    usable = Channel.objects.usable().filter(is_shared=False, only_urgent=False, kind__in=READ_BY_PEOPLE)
    for channel in usable.select_related("owner").order_by("pk"):
        at = due_at(Cadence.DAILY, ZoneInfo(channel.owner.time_zone), now=now)
        if at is not None and channel.verified_at is not None and channel.verified_at <= at:
            channels.setdefault(channel.owner_id, channel)
    return channels


def _due_to(reader: User, channel: Channel, now: datetime) -> Iterator[DueDigest]:
    zone = ZoneInfo(reader.time_zone)
    preferences: AlertPreferences | None = getattr(reader, "alert_preferences", None)
    held_until = preferences.held_until(zone, now=now) if preferences else None
    for cadence in Cadence:
        at = due_at(cadence, zone, now=now)
        if at is not None and gets(reader, cadence, preferences):
            key = f"digest-{cadence}-{reader.pk}-{at.astimezone(zone).date()}"
            yield DueDigest(reader, channel, period_until(now, cadence, zone, since=at), key, held_until)


def gets(reader: User, cadence: Cadence, preferences: AlertPreferences | None) -> bool:
    """Whether a reader gets a digest: as chosen, else as usual for their permissions."""
    if not reader.has_perm(SEES_ALERTS):
        return False
    choices: Mapping[Cadence, bool | None] = {
        Cadence.DAILY: preferences.daily_digest if preferences else None,
        Cadence.WEEKLY: preferences.weekly_digest if preferences else None,
    }
    choice = choices[cadence]
    return any(map(reader.has_perm, USUAL_FOR[cadence])) if choice is None else choice
