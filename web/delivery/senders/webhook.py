"""Webhooks signed by the Standard Webhooks headers: https://www.standardwebhooks.com"""

from collections.abc import Iterable
from datetime import UTC, datetime

import orjson
from standardwebhooks.webhooks import Webhook

from web.delivery import http
from web.delivery.models import Channel, Message
from web.delivery.secrets import decrypt
from web.delivery.senders.answers import Answer, judge


def send(message: Message, channel: Channel, now: datetime) -> Answer:
    keys = [decrypt(sealed) for sealed in (channel.secret, channel.next_secret) if sealed is not None]
    url, content = decrypt(channel.target or b""), body(message)
    return judge(post_signed(url, message_id=message.key, content=content, keys=keys, now=now))


def post_signed(
    url: str, *, message_id: str, content: bytes, keys: Iterable[str], now: datetime
) -> http.CallAnswer:
    """Post JSON, signed by each key. The id is the same at each attempt, so that a receiver that keeps it takes the
    message once. Raises AddressRefused, NoAnswer."""
    # No dot: it separates the signed parts.
    signed_id, at = message_id.replace(".", "_"), now.astimezone(UTC)
    headers = {
        "Content-Type": "application/json",
        "Webhook-Id": signed_id,
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": " ".join(Webhook(key).sign(signed_id, at, content.decode()) for key in keys),
    }
    return http.post(url, body=content, headers=headers, now=now)


def body(message: Message) -> bytes:
    """The same bytes at each attempt."""
    data = {"subject": message.subject, "text": message.text, **message.payload}
    return orjson.dumps({"type": message.event, "timestamp": message.created_at, "data": data})
