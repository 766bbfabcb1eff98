"""People send messages again that have ended."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from accounts.models import User
from web import scopes
from web.delivery.models import GIVEN_UP_AFTER, Channel, Message, MessageQuerySet, MessageState

MOST = 10_000
"""Messages that are replayed at once, the oldest first."""
MAY_REPLAY = ("web.view_message", "web.replay_message")


@transaction.atomic
def replay(messages: MessageQuerySet, *, by: User, now: datetime) -> int:
    """Have these messages sent again at once, each with its key and a day of attempts; returns how many.

    One that waits is only tried sooner; one that is being sent is left alone, and so is what the user may not write.
    """
    is_sending = Q(leased_until__gt=now)
    rows = scopes.writable(Message.objects.filter(pk__in=messages.order_by().values("pk")))
    locked = rows.exclude(is_sending).order_by("pk").select_for_update(no_key=True)
    ids = list(locked.values_list("pk", flat=True)[:MOST])
    # A person asks now, whatever the receiver asked for before; that is Muster's own note at the channel.
    with scopes.everything():
        channels = Channel.objects.filter(held_until__isnull=False)
        channels.filter(pk__in=Message.objects.filter(pk__in=ids).values("channel")).update(held_until=None)
    return Message.objects.filter(pk__in=ids).update(
        state=MessageState.WAITING,
        next_at=now,
        give_up_at=now + GIVEN_UP_AFTER,
        ended_at=None,
        replayed_at=now,
        replayed_by=by,
        replayed_after=F("attempts"),
    )
