"""The outbox: whoever has something to say writes it here, in the transaction of its cause.

Couriers (`web/delivery/courier.py`) look for what is due each second, so nobody has to wake them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from web import scopes
from web.delivery.models import GIVEN_UP_AFTER, Channel, Message, MessageState


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be: `key` is the same however often its cause is seen; messages of one `order_key` leave one after
    another; with `send_at` it waits until then."""

    channel_id: int
    key: str
    event: str
    subject: str
    text: str
    html: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    order_key: str = ""
    about: str = ""
    is_urgent: bool = False
    send_at: datetime | None = None


def send(drafts: Sequence[Draft], *, now: datetime) -> list[Message]:
    """Write messages, in the caller's transaction and in the order of the drafts, with two statements.

    A message whose key is stored already is left as it is: what is returned then has its id, but not what it says. What
    the channel does not take is written as dropped, with the reason; for a channel that was deleted nothing is. The
    reader's scope does not count, because it is Muster that sends.
    """
    if not drafts:
        return []
    with scopes.everything():
        channels = Channel.objects.in_bulk({draft.channel_id for draft in drafts})
        messages: dict[str, Message] = {}
        for draft in drafts:
            if (channel := channels.get(draft.channel_id)) is not None:
                messages.setdefault(draft.key, _message(draft, channel, now))
        # A conflict that changes nothing makes PostgreSQL return the id of the stored row.
        return Message.objects.bulk_create(
            messages.values(), update_conflicts=True, unique_fields=["key"], update_fields=["key"]
        )


def reason_to_drop(channel: Channel, *, is_urgent: bool) -> str:
    """Why a channel takes no message; "" if it takes it."""
    if channel.disabled_at is not None:
        return f"The channel is disabled: {channel.disabled_for}"
    if channel.verified_at is None:
        return "The channel is not verified."
    if channel.only_urgent and not is_urgent:
        return "The channel takes urgent messages only."
    return ""


def _message(draft: Draft, channel: Channel, now: datetime) -> Message:
    reason = reason_to_drop(channel, is_urgent=draft.is_urgent)
    leaves_at = max(now, draft.send_at or now)
    return Message(
        channel_id=draft.channel_id,
        key=draft.key,
        order_key=draft.order_key,
        event=draft.event,
        about=draft.about,
        is_urgent=draft.is_urgent,
        subject=draft.subject[: Message._meta.get_field("subject").max_length],
        text=draft.text,
        html=draft.html,
        payload=dict(draft.payload),
        created_at=now,
        give_up_at=leaves_at + GIVEN_UP_AFTER,
        state=MessageState.DROPPED if reason else MessageState.WAITING,
        next_at=None if reason else leaves_at,
        ended_at=now if reason else None,
        last_answer=reason[:500],
    )
