"""Webhooks signed by the Standard Webhooks headers: https://www.standardwebhooks.com"""

from datetime import UTC, datetime

import orjson
from standardwebhooks.webhooks import Webhook

from web.delivery import http
from web.delivery.models import Channel, Message
from web.delivery.secrets import decrypt
from web.delivery.senders.answers import Answer, judge


def send(message: Message, channel: Channel, now: datetime) -> Answer:
    content = body(message)
    # The id is the same at each attempt, so that a receiver that keeps it takes the message once. No dot: it separates
    # the signed parts.
    message_id, at = message.key.replace(".", "_"), now.astimezone(UTC)
    keys = [decrypt(sealed) for sealed in (channel.secret, channel.next_secret) if sealed is not None]
    signatures = [Webhook(key).sign(message_id, at, content.decode()) for key in keys]
    headers = {
        "Content-Type": "application/json",
        "Webhook-Id": message_id,
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": " ".join(signatures),
    }
    return judge(http.post(decrypt(channel.target or b""), body=content, headers=headers, now=now))


def body(message: Message) -> bytes:
    """The same bytes at each attempt."""
    data = {"subject": message.subject, "text": message.text, **message.payload}
    return orjson.dumps({"type": message.event, "timestamp": message.created_at, "data": data})
