"""Claims: which messages a courier may send now. Each is leased to it, so that a courier that dies loses none."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from web.delivery.models import Message, MessageState
from web.delivery.outbox import reason_to_drop

LEASE = timedelta(seconds=60)
"""Longer than an attempt may take; then another courier tries again."""
MOST_DROPPED = 1000

# Two couriers that claimed at once could each give a message to the same channel.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.web_message'))"
# Of each channel that nothing is being sent to, the first message that no earlier one of its order key holds back.
_CLAIM = """
WITH first AS MATERIALIZED (
    SELECT message.id, message.is_urgent, message.next_at,
        channel.is_slow OR channel.failing_since IS NOT NULL AS is_weak
    FROM web_channel AS channel CROSS JOIN LATERAL (
        SELECT candidate.id, candidate.is_urgent, candidate.next_at
        FROM web_message AS candidate
        WHERE candidate.channel_id = channel.id AND candidate.state = 'waiting' AND candidate.next_at <= %(now)s
            AND (candidate.order_key = '' OR NOT EXISTS (
                SELECT FROM web_message AS earlier
                WHERE earlier.channel_id = channel.id AND earlier.order_key = candidate.order_key
                    AND earlier.id < candidate.id AND earlier.state = 'waiting'))
        ORDER BY candidate.is_urgent DESC, candidate.next_at, candidate.id
        LIMIT 1
    ) AS message
    WHERE channel.verified_at IS NOT NULL AND channel.disabled_at IS NULL
        AND (channel.held_until IS NULL OR channel.held_until <= %(now)s)
        AND NOT EXISTS (
            SELECT FROM web_message AS sending
            WHERE sending.channel_id = channel.id AND sending.leased_until > %(now)s)
), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY is_weak ORDER BY is_urgent DESC, next_at, id) AS place FROM first
), taken AS (
    SELECT message.id FROM web_message AS message JOIN ranked USING (id)
    WHERE NOT is_weak OR place <= %(most_weak)s
    ORDER BY ranked.is_urgent DESC, ranked.next_at, id LIMIT %(most)s
    FOR NO KEY UPDATE OF message SKIP LOCKED
)
UPDATE web_message AS message SET leased_until = %(leased_until)s, attempts = attempts + 1
FROM taken WHERE message.id = taken.id
RETURNING message.id
"""


def claim(*, now: datetime, most: int, most_weak: int) -> list[Message]:
    """Lease up to `most` messages of as many channels, of these up to `most_weak` of channels whose last attempt failed
    or was slow; urgent ones first, then those that wait longest. Each has its channel."""
    if most <= 0 or not Message.objects.due(now).exists():
        return []
    values: dict[str, Any] = {"now": now, "leased_until": now + LEASE, "most": most, "most_weak": most_weak}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME)
        cursor.execute(_CLAIM, values)
        ids = [pk for (pk,) in cursor.fetchall()]
    messages = Message.objects.select_related("channel").filter(pk__in=ids)
    return list(messages.order_by("-is_urgent", "next_at", "pk")) if ids else []


@transaction.atomic
def drop_unusable(*, now: datetime) -> int:
    """End the messages that are due at channels which were disabled meanwhile, with the reason."""
    unusable = Q(channel__disabled_at__isnull=False) | Q(channel__verified_at=None)
    due_messages = Message.objects.due(now).filter(unusable).select_related("channel").order_by("pk")
    messages = list(
        due_messages.select_for_update(of=("self",), skip_locked=True, no_key=True)[:MOST_DROPPED]
    )
    for message in messages:
        reason = reason_to_drop(message.channel, is_urgent=message.is_urgent)
        message.end(MessageState.DROPPED, reason, at=now)
    return Message.objects.bulk_update(messages, Message.CHANGED_BY_ATTEMPTS) if messages else 0
