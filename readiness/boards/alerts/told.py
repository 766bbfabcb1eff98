"""Who was told of alerts, through which channel, with what result, and who is next."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import QuerySet

from accounts.models import User
from readiness.loop.alerts.core.kinds import AlertStanding
from readiness.loop.alerts.core.routes import SUBSCRIBER, NotTold, Recipient
from readiness.loop.alerts.models import Alert, Notice
from readiness.loop.alerts.telling.recipients import recipients_of
from web.delivery.models import Channel, Message, MessageState
from web.units import instant
from web.visibility import name_of

MOST_TOLD = 50

LACKS = {
    NotTold.NO_ACCOUNT: "no account",
    NotTold.NOT_VISIBLE: "may not see it",
    NotTold.NO_CHANNEL: "no channel",
    NotTold.OVERTAKEN: "taken on before it left",
}

type Tone = Literal["ok", "warn", "bad", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldNotice:
    """One notice. `who` is a person as the reader may see them, or a shared channel; `kind` is that of the channel.
    `message` is its message, if it left. `is_of_carrier`: it was for whoever answers for the alert."""

    at: datetime
    who: str
    role: str
    kind: str
    reason: str
    result: str
    tone: Tone
    message_id: int | None
    is_of_carrier: bool

    @property
    def is_bad(self) -> bool:
        return self.tone == "bad"


@dataclass(frozen=True, slots=True)
class NextLevel:
    """Who is told at `at` unless somebody acknowledges; `who` is empty where the level has nobody with a channel."""

    at: datetime
    who: tuple[str, ...]
    roles: tuple[str, ...]


def told_of(alert: Alert) -> list[ToldNotice]:
    """The newest MOST_TOLD notices of an alert, in their order; one statement."""
    newest = _notices([alert.pk]).order_by("-at", "-pk")[:MOST_TOLD]
    return [told(notice) for notice in reversed(newest)]


def last_told(alert_ids: Collection[int]) -> dict[int, ToldNotice]:
    """The last notice of each alert that somebody was told by, or else why nobody was; one statement."""
    rows = (
        _notices(alert_ids)
        .exclude(lack=NotTold.OVERTAKEN)
        .exclude(role=SUBSCRIBER)
        .order_by("alert_id", "-at", "-pk")
        .distinct("alert_id")
    )
    return {notice.alert_id: told(notice) for notice in rows}


def _notices(alert_ids: Collection[int]) -> QuerySet[Notice]:
    return Notice.objects.filter(alert__in=alert_ids).select_related("user", "channel", "message")


def told(notice: Notice) -> ToldNotice:
    result, tone = _result(notice)
    channel = notice.channel
    return ToldNotice(
        at=notice.sent_at or notice.at,
        who=name_of(notice.user) if notice.user is not None else str(channel or ""),
        role=notice.role,
        kind=channel.get_kind_display() if channel is not None else "",
        reason=notice.get_reason_display(),
        result=result,
        tone=tone,
        message_id=notice.message_id,
        is_of_carrier=notice.role != SUBSCRIBER and notice.lack != NotTold.OVERTAKEN,
    )


def _result(notice: Notice) -> tuple[str, Tone]:
    """Say in words what became of a notice."""
    if notice.lack:
        return LACKS[NotTold(notice.lack)], "unknown" if notice.lack == NotTold.OVERTAKEN else "bad"
    message = notice.message
    if message is None:
        if notice.sent_at is not None:
            return "left; its message is no longer kept", "unknown"
        return (
            (f"held until {instant(notice.held_until)}", "warn") if notice.held_until else ("leaving", "warn")
        )
    return _result_of(message)


def _result_of(message: Message) -> tuple[str, Tone]:
    match message.state:
        case MessageState.SENT:
            return "delivered", "ok"
        case MessageState.FAILED:
            return "not delivered", "bad"
        case MessageState.DROPPED:
            return f"not sent: {message.last_answer}", "bad"
    if message.attempts and message.next_at:
        return f"tried {message.attempts} times, next at {instant(message.next_at)}", "warn"
    return "leaving", "warn"


def next_level(alert: Alert, *, now: datetime) -> NextLevel | None:
    """Who is told next; None where nobody is, because somebody carries the alert or nothing repeats."""
    if alert.standing != AlertStanding.ESCALATING or alert.next_at is None or alert.next_at <= now:
        return None
    levels = recipients_of([alert], now=now)[alert.pk].levels
    recipients = levels[min(alert.level, len(levels) - 1)].recipients
    names = _names([each for each in recipients if not each.lack])
    return NextLevel(alert.next_at, names, tuple(dict.fromkeys(each.role for each in recipients)))


def _names(recipients: Sequence[Recipient]) -> tuple[str, ...]:
    users = User.objects.in_bulk([each.user_id for each in recipients if each.user_id])
    channels = Channel.objects.in_bulk([each.channel_id for each in recipients if each.channel_id])
    return tuple(
        name_of(users[each.user_id]) if each.user_id else str(channels.get(each.channel_id or 0, each.role))
        for each in recipients
    )
