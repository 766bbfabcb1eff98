"""Messages as their readers see them, and how far deliveries are."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import Greatest

from web import metrics
from web.delivery.models import Channel, ChannelKind, Message, MessageQuerySet, MessageState

RECENT = timedelta(hours=1)

GAUGES = (
    metrics.GaugeFamily("muster_deliveries_waiting", "Messages that wait for an attempt", ("channel",)),
    metrics.GaugeFamily(
        "muster_deliveries_late_seconds", "Since the oldest message is due at a channel that does not fail"
    ),
    metrics.GaugeFamily("muster_deliveries_ended", "Messages that ended within an hour", ("state",)),
    metrics.GaugeFamily("muster_channels_failing", "Channels whose last attempt failed", ("channel",)),
)


def messages(user: Any) -> MessageQuerySet:
    """Those that this user may read, with their channel."""
    return Message.objects.visible_to(user).select_related("channel__owner", "replayed_by")


def nearest_channel(channels: QuerySet[Channel]) -> Channel | None:
    """The channel that reaches its owner first: their own before shared ones, and mail before others."""
    ranks = {
        kind: rank for rank, kind in enumerate((ChannelKind.MAIL, ChannelKind.CHAT, ChannelKind.WEBHOOK))
    }
    return min(
        channels.order_by("pk"),
        key=lambda channel: (channel.is_shared, ranks.get(ChannelKind(channel.kind), len(ranks))),
        default=None,
    )


def ended_messages(
    user: Any, *, channel: Channel | None, start: datetime, end: datetime, states: Collection[str]
) -> MessageQuerySet:
    """Those that were written from `start` and before `end`, and have ended in one of these states."""
    rows = Message.objects.visible_to(user).filter(
        created_at__gte=start, created_at__lt=end, state__in=states, ended_at__isnull=False
    )
    return rows.filter(channel=channel) if channel else rows


def counts(user: Any, *, now: datetime) -> Mapping[str, int]:
    """How many wait, are tried again, and were given up within a day; one statement."""
    is_waiting = Q(state=MessageState.WAITING)
    return Message.objects.visible_to(user).aggregate(
        waiting=Count("pk", filter=is_waiting),
        again=Count("pk", filter=is_waiting & Q(attempts__gt=0)),
        failed=Count("pk", filter=Q(state=MessageState.FAILED, ended_at__gt=now - timedelta(days=1))),
    )


def late_s(now: datetime) -> float:
    """Since when the oldest message is due that nothing but Muster itself keeps back, in seconds."""
    well = Message.objects.due(now).filter(
        Q(channel__held_until=None) | Q(channel__held_until__lte=now),
        channel__in=Channel.objects.usable().filter(failing_since=None),
    )
    # Of two instants of which one is missing, the other is the greater one.
    due_at = well.aggregate(at=Min(Greatest("next_at", "channel__held_until")))["at"]
    return 0.0 if due_at is None else (now - due_at).total_seconds()


def gauges(now: datetime) -> Mapping[str, metrics.Values]:
    waiting = Message.objects.filter(state=MessageState.WAITING).values("channel__kind")
    ended = Message.objects.filter(ended_at__gt=now - RECENT).values("state")
    failing = Channel.objects.usable().filter(failing_since__isnull=False).values("kind")
    return {
        "muster_deliveries_waiting": dict.fromkeys(((kind,) for kind in ChannelKind.values), 0.0)
        | {(row["channel__kind"],): float(row["total"]) for row in _totals(waiting)},
        "muster_deliveries_late_seconds": {(): late_s(now)},
        "muster_deliveries_ended": {(row["state"],): float(row["total"]) for row in _totals(ended)},
        "muster_channels_failing": {(row["kind"],): float(row["total"]) for row in _totals(failing)},
    }


def _totals(groups: Any) -> Any:
    return groups.annotate(total=Count("pk")).order_by()
