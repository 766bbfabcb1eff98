"""Senders by kind of channel: each makes one attempt, and answers what came of it."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from web.delivery.addresses import AddressRefused, NoAnswer
from web.delivery.models import Attempt, Channel, ChannelKind, Message
from web.delivery.secrets import SecretUnreadable, decrypt
from web.delivery.senders import alertmanager, chat, mail, mailbox, pagerduty, webhook
from web.delivery.senders.answers import Answer, readable

__all__ = ["SENDERS", "Answer", "Sender"]

SHORTEST_SECRET = 8

type Sender = Callable[[Message, Channel, datetime], Answer]


def _attempt(sender: Sender, message: Message, channel: Channel, now: datetime) -> Answer:
    """The other side's mistakes are answers; whatever it repeats of a secret is taken out."""
    try:
        answer = sender(message, channel, now)
    except AddressRefused as error:
        answer = Answer(Attempt.Outcome.BLOCKED, None, str(error))
    except SecretUnreadable as error:
        answer = Answer(Attempt.Outcome.REFUSED, None, str(error))
    except NoAnswer as error:
        answer = Answer(Attempt.Outcome.AGAIN, None, str(error))
    return Answer(
        answer.outcome,
        answer.status,
        readable(_redact_secrets(answer.text, channel)),
        answer.retry_after_s,
        answer.is_gone,
    )


def _redact_secrets(text: str, channel: Channel) -> str:
    for sealed in (channel.target, channel.secret, channel.next_secret):
        if sealed is None:
            continue
        try:
            plain = decrypt(sealed)
        except SecretUnreadable:
            continue
        text = redact(text, plain)
    return text


def redact(text: str, plain: str) -> str:
    """Take out of a text what repeats a secret, or a part of it that is long enough to be one."""
    for part in secret_parts(plain):
        text = text.replace(part, "…")
    return text


def secret_parts(plain: str) -> list[str]:
    """A secret, and what an answer may repeat of it: the parts of an address behind its host. Longest first."""
    parts = {plain, plain.removeprefix("whsec_"), b64encode(plain.encode()).decode()}
    if "://" in plain:
        _host, _slash, path = plain.partition("://")[2].partition("/")
        parts |= {path, *re.split("[/?&=]", path)}
    return sorted((part for part in parts if len(part) >= SHORTEST_SECRET), key=len, reverse=True)


SENDERS: Mapping[ChannelKind, Sender] = {
    ChannelKind.MAIL: partial(_attempt, mail.send),
    ChannelKind.WEBHOOK: partial(_attempt, webhook.send),
    ChannelKind.PAGERDUTY: partial(_attempt, pagerduty.send),
    ChannelKind.ALERTMANAGER: partial(_attempt, alertmanager.send),
    ChannelKind.CHAT: partial(_attempt, chat.send),
    ChannelKind.MAILBOX: partial(_attempt, mailbox.send),
}
