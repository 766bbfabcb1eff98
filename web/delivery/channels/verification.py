"""Confirm that whoever reads a channel wants its messages: by a code that goes there, or a test that a system takes.

No transaction is open while something is sent.
"""

from datetime import datetime, timedelta
from hmac import compare_digest
from secrets import randbelow

from django.db.models import F

from accounts.counting import CountingWindow
from accounts.models import User
from accounts.operations import digest_of
from web.delivery import outbox
from web.delivery.channels.operations import UNVERIFIED, refuse_others
from web.delivery.models import Attempt, Channel, ChannelKind, Message
from web.delivery.outbox import Draft
from web.delivery.senders import SENDERS, Answer
from web.workflows import NotInState

READ_BY_PEOPLE = frozenset({ChannelKind.MAIL, ChannelKind.CHAT})
MOVED = "Its address changed meanwhile. Confirm the new one."
MOST_TRIES, CODE_LASTS = 5, timedelta(minutes=15)
PROBES_PER_USER, PROBES_PER_PLACE = 20, 6
_by_user = CountingWindow("delivery:probe", 3600)
_by_place = CountingWindow("delivery:probed", 3600)


def probe(channel: Channel, *, by: User, now: datetime) -> Answer:
    """Send a code to people, or a test to a system, which confirms the channel by taking it.

    Raises PermissionDenied, NotInState.
    """
    refuse_others(channel, by)
    if channel.verified_at is not None:
        raise NotInState("It is confirmed already.")
    _refuse_often(channel, by, now)
    kind = ChannelKind(channel.kind)
    if kind in READ_BY_PEOPLE:
        code = f"{randbelow(1_000_000):06}"
        if not _change(channel, code_digest=_digest(channel, code), code_sent_at=now, code_tries=0):
            raise NotInState(MOVED)
        return SENDERS[kind](_code_message(channel, code, now), channel, now)
    answer = SENDERS[kind](_test_message(channel, now), channel, now)
    if answer.outcome == Attempt.Outcome.TAKEN and not _change(channel, **UNVERIFIED | {"verified_at": now}):
        raise NotInState(MOVED)
    return answer


def confirm(channel: Channel, code: str, *, by: User, now: datetime) -> bool:
    """Whether the code is the one that was sent; each try counts, whatever becomes of the request.

    Raises PermissionDenied, NotInState.
    """
    refuse_others(channel, by)
    in_time = Channel.objects.filter(
        pk=channel.pk,
        verified_at=None,
        code_digest__isnull=False,
        code_sent_at__gt=now - CODE_LASTS,
        code_tries__lt=MOST_TRIES,
    )
    if not in_time.update(code_tries=F("code_tries") + 1):
        raise NotInState(
            "No code waits: it was used, is older than 15 minutes, or was tried five times. Send a new one."
        )
    channel.refresh_from_db()
    if channel.code_digest is None or not compare_digest(
        bytes(channel.code_digest), _digest(channel, "".join(code.split()))
    ):
        return False
    return _change(channel, **UNVERIFIED | {"verified_at": now})


def send_test(channel: Channel, *, by: User, now: datetime) -> Message:
    """Send a test the way that all messages go. Raises PermissionDenied, NotInState."""
    refuse_others(channel, by)
    if not channel.is_usable:
        raise NotInState("It is disabled, or not confirmed.")
    _refuse_often(channel, by, now)
    message = _test_message(channel, now)
    draft = Draft(
        channel_id=channel.pk,
        key=message.key,
        event=message.event,
        subject=message.subject,
        text=message.text,
        payload=message.payload,
        is_urgent=True,
    )
    return outbox.send([draft], now=now)[0]


def _change(channel: Channel, **values: object) -> bool:
    """Whether the channel still leads where it did."""
    same = Channel.objects.filter(pk=channel.pk, address=channel.address, secret_set_at=channel.secret_set_at)
    return same.update(**values) == 1


def _refuse_often(channel: Channel, by: User, now: datetime) -> None:
    too_many = _by_user.add(str(by.pk), now=now) > PROBES_PER_USER
    place = channel.address.casefold() if channel.kind == ChannelKind.MAIL else f"#{channel.pk}"
    if _by_place.add(place, now=now) > PROBES_PER_PLACE or too_many:
        raise NotInState("Too many codes and tests were sent within an hour. Try again later.")


def _digest(channel: Channel, code: str) -> bytes:
    return digest_of(f"channel {channel.pk}: {code}")


def _code_message(channel: Channel, code: str, now: datetime) -> Message:
    return Message(
        channel=channel,
        key=f"channel:{channel.pk}:code:{now.timestamp():.0f}",
        event="channel.code",
        subject=f"{code} confirms this channel for Muster",
        text=(
            f"The code is {code}. {channel.owner} enters it in Muster, within 15 minutes, to be told of alerts here as"
            f" “{channel.name}”. If nobody here expects this, ignore it: without the code no message follows."
        ),
        created_at=now,
    )


def _test_message(channel: Channel, now: datetime) -> Message:
    """A test that opens no incident: what it is about has ended."""
    at, key = now.isoformat(), f"channel:{channel.pk}:test:{now.timestamp():.0f}"
    alert = {"key": key, "kind": "test", "severity": "info", "title": "Test message of Muster"}
    return Message(
        channel=channel,
        key=key,
        event="channel.test",
        subject="Test message of Muster",
        text=f"Messages of Muster arrive at “{channel.name}”.",
        payload={
            "event": "channel.test",
            "key": key,
            "at": at,
            "action": "resolve",
            "dedup_key": key,
            "alerts": [{**alert, "began_at": at, "ended_at": at}],
        },
        created_at=now,
    )
