"""Chat rooms by `apprise`, which knows how Slack, Teams and Mattermost want to be told.

Users enter the address that their chat gave them. Addresses in apprise's own language are not taken: they can switch
redirects on, the check of certificates off, and name files of this machine. Apprise opens its connections itself, so
that a name which changes its mind between the check here and the connection there is followed; the guide says so.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from threading import get_ident
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from web.delivery.addresses import AddressRefused, check_address
from web.delivery.models import Attempt, Channel, Message
from web.delivery.secrets import decrypt
from web.delivery.senders.answers import BUSY, GONE, Answer

SLACK, TEAMS, MATTERMOST = "Slack", "Teams", "Mattermost"
ADDRESSES = {
    SLACK: re.compile(r"https://hooks\.slack(-gov)?\.com/services/\w+/\w+/\w+/?"),
    TEAMS: re.compile(
        r"https://[\w.-]+\.(logic\.azure\.[a-z]{2,12}|(power|apps)platform(\.[a-z0-9-]{2,24}){1,3})(:\d+)?"
        r"(/powerautomate/automations/direct(/cu/\d+)?)?/workflows/[\w-]+/triggers/manual/paths/invoke/?\?[^#]+"
    ),
    MATTERMOST: re.compile(
        r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]+(:\d+)?)(?P<path>[\w./-]*)/hooks/(?P<token>[a-z0-9]+)/?"
    ),
}
QUERY = frozenset({"api-version", "sp", "sv", "sig"})
"""What Teams puts into its addresses."""


def room_of(url: str) -> str:
    """Which chat an address belongs to. Raises AddressRefused."""
    for name, pattern in ADDRESSES.items():
        if pattern.fullmatch(url) and {key for key, _value in parse_qsl(urlsplit(url).query)} <= QUERY:
            return name
    raise AddressRefused(
        "This is no address of a webhook of Slack, of a workflow of Teams, or of Mattermost."
    )


def send(message: Message, channel: Channel, now: datetime) -> Answer:
    url = decrypt(channel.target or b"")
    name = room_of(url)
    check_address(url)
    with _warnings() as warnings:
        room = _rooms()[name](url)
        room.redirects, room.verify_certificate, room.include_image = False, True, False
        is_taken = room.notify(
            body=message.text or message.subject, title=message.subject, body_format="text"
        )
    if is_taken:
        return Answer(Attempt.Outcome.TAKEN, None, f"{name} took it.")
    reason = warnings[-1] if warnings else f"{name} did not take it."
    status = int(code[1]) if (code := re.search(r"error=(\d{3})\b", reason)) else None
    is_final = status is not None and status < 500 and status not in BUSY
    outcome = Attempt.Outcome.REFUSED if is_final else Attempt.Outcome.AGAIN
    return Answer(outcome, status, reason, is_gone=status == GONE)


def _rooms() -> Mapping[str, Callable[[str], Any]]:
    # Imported where it is used: it takes 27 MB, and most processes send nothing.
    from apprise import AppriseAsset
    from apprise.plugins.mattermost import NotifyMattermost
    from apprise.plugins.slack import NotifySlack
    from apprise.plugins.workflows import NotifyWorkflows

    asset = AppriseAsset(http_redirects=False, app_id="Muster", app_desc="Muster", app_url="")

    def mattermost(url: str) -> Any:
        parts = ADDRESSES[MATTERMOST].fullmatch(url)
        assert parts is not None
        schema = "mmosts" if parts["scheme"] == "https" else "mmost"
        own_url = f"{schema}://{parts['host']}{parts['path']}/{parts['token']}?image=no"
        return NotifyMattermost(asset=asset, **NotifyMattermost.parse_url(own_url))

    return {
        SLACK: lambda url: NotifySlack(asset=asset, **NotifySlack.parse_native_url(url)),
        TEAMS: lambda url: NotifyWorkflows(asset=asset, **NotifyWorkflows.parse_native_url(url)),
        MATTERMOST: mattermost,
    }


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """Collect the warnings of apprise in this thread: it answers yes or no, and explains itself in its log."""
    messages: list[str] = []
    thread = get_ident()

    class Warnings(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == thread:
                messages.append(record.getMessage())

    handler, logger = Warnings(logging.WARNING), logging.getLogger("apprise")
    logger.addHandler(handler)
    try:
        yield messages
    finally:
        logger.removeHandler(handler)
