"""The entries for a channel of each kind: their rules, and what of them is stored and shown."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from web.delivery.addresses import AddressRefused, origin
from web.delivery.models import ChannelKind
from web.delivery.senders.chat import room_of

PAGERDUTY = "https://events.pagerduty.com/v2/enqueue"
PAGERDUTY_EU = "https://events.eu.pagerduty.com/v2/enqueue"
ROUTING_KEY = re.compile(r"[A-Za-z0-9]{32}")
LONGEST_SECRET = 500
SECRETS: Mapping[ChannelKind, str] = {
    ChannelKind.PAGERDUTY: "Integration key",
    ChannelKind.ALERTMANAGER: "Token, or name:password",
}
"""The kinds for which a secret is entered; that of a webhook is made by Muster."""


@dataclass(frozen=True, slots=True)
class ChannelPlace:
    """`address` may be shown; `target` is the address that is called, "" for mail and the mailbox."""

    address: str
    target: str


def offered_kinds() -> list[ChannelKind]:
    return [kind for kind in ChannelKind if kind is not ChannelKind.MAILBOX or settings.DEMO]


def place(kind: ChannelKind, address: str) -> ChannelPlace:
    """Read an entered address. Raises ValidationError. Whether it may be called is looked at when it is."""
    try:
        match kind:
            case ChannelKind.MAIL:
                validate_email(address)
                return ChannelPlace(address, "")
            case ChannelKind.MAILBOX:
                return ChannelPlace("", "")
            case ChannelKind.CHAT:
                room_of(address)
            case ChannelKind.PAGERDUTY:
                address = address or PAGERDUTY
        return ChannelPlace(origin(address), address)
    except AddressRefused as error:
        raise ValidationError({"address": [str(error)]}) from error
    except ValidationError as error:
        raise ValidationError({"address": error.messages}) from error


def refuse_secret(kind: ChannelKind, secret: str) -> None:
    """Raise ValidationError for an entered secret that this kind cannot have."""
    if kind not in SECRETS and secret:
        raise ValidationError({"secret": ["A channel of this kind takes no secret."]})
    if kind is ChannelKind.PAGERDUTY and not ROUTING_KEY.fullmatch(secret):
        raise ValidationError({"secret": ["An integration key of PagerDuty has 32 letters and digits."]})
    if len(secret) > LONGEST_SECRET or not (secret.isascii() and secret.isprintable()):
        raise ValidationError({"secret": [f"{LONGEST_SECRET} plain characters at most."]})
