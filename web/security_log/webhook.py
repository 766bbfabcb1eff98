"""Send the security log by a signed webhook: one request has whole batches, and an answer of 2xx takes all of them.

The address is called as channels are (`web/delivery/http.py`): checked, without redirects, limited in time.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit

import orjson
from django.conf import settings

from web.delivery.addresses import AddressRefused, NoAnswer
from web.delivery.models import Attempt
from web.delivery.senders import redact
from web.delivery.senders.answers import judge, readable
from web.delivery.senders.webhook import post_signed
from web.security_log.outgoing import OutgoingBatch, event_values

TYPE = "security-log.batches"


class NotTaken(Exception):
    """The receiver did not take the batches. The message says why, without the address and what else is secret."""


def receiver_name() -> str:
    """Return its host, and a digest of the address, whose path may be a secret; "" without a receiver.

    The settings refuse an address with a user name or password.
    """
    if not (url := settings.SECURITY_LOG_WEBHOOK):
        return ""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/… ({sha256(url.encode()).hexdigest()[:8]})"


def send(batches: Sequence[OutgoingBatch], *, now: datetime) -> None:
    """Send all of them in one request. Raises NotTaken."""
    first, last = batches[0].batch, batches[-1].batch
    try:
        answer = judge(
            post_signed(
                settings.SECURITY_LOG_WEBHOOK,
                # The same batches have the same id. Numbers begin again after a restore, heads do not.
                message_id=f"security-log-{first.number}-{last.number}-{bytes(last.head).hex()[:16]}",
                content=_content(batches),
                keys=settings.SECURITY_LOG_WEBHOOK_SECRETS,
                now=now,
            )
        )
    except (AddressRefused, NoAnswer) as error:
        raise NotTaken(str(error)) from error
    if answer.outcome != Attempt.Outcome.TAKEN:
        text = answer.text
        for secret in (settings.SECURITY_LOG_WEBHOOK, *settings.SECURITY_LOG_WEBHOOK_SECRETS):
            text = redact(text, secret)
        raise NotTaken(f"The receiver answered {answer.status}: {readable(text)}")


def _content(batches: Sequence[OutgoingBatch]) -> bytes:
    """Write the same bytes for the same batches."""
    data = [
        {
            "head": json.loads(outgoing.head_line),
            "events": [event_values(event, outgoing.batch) for event in outgoing.events],
        }
        for outgoing in batches
    ]
    timestamp = batches[-1].batch.chained_at
    return orjson.dumps({"type": TYPE, "timestamp": timestamp, "data": {"batches": data}})
