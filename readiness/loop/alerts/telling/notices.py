"""Decide whom each transition is told to, and write it down; messages take it along (`flush`)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import F

from readiness.loop.alerts.core.kinds import AlertSeverity, NoticeReason
from readiness.loop.alerts.core.quiet import Preferences, held_until
from readiness.loop.alerts.core.routes import SUBSCRIBER, NotTold, Recipient, Recipients
from readiness.loop.alerts.core.transitions import Transition
from readiness.loop.alerts.models import Alert, AlertPreferences, Notice
from readiness.loop.alerts.telling.recipients import recipients_of
from web import scopes
from web.delivery.models import Channel, ChannelKind

FOLLOWS = (NoticeReason.ENDED, NoticeReason.ACKNOWLEDGED)
"""Reasons for which those are told who were told before, and nobody else."""
TO_SUBSCRIBERS = (
    *(NoticeReason.BEGAN, NoticeReason.WORSE, NoticeReason.FIRST_START),
    *(NoticeReason.ACK_ENDED, NoticeReason.SILENCE_ENDED, NoticeReason.CAUSE_ENDED),
)
CAN_WAIT = (*FOLLOWS, NoticeReason.ASSIGNED, NoticeReason.FIRST_START)
"""Reasons that make no page, however critical the alert is."""
GOES_ON = (NoticeReason.ESCALATED, NoticeReason.REPEATED, NoticeReason.LAST_RESORT)
"""Reasons for which an escalation that has told somebody tells more people."""
LEARNS_OF_ACKNOWLEDGEMENTS = (ChannelKind.PAGERDUTY, ChannelKind.WEBHOOK)
"""People who were told need no further message when somebody takes it on; programs do."""

type AlertTransition = Transition[Alert]


@dataclass(frozen=True, slots=True)
class _EarlierRecipient:
    """Somebody who was told of an alert. `was_page` says that they were paged, and so are up already."""

    recipient: Recipient
    was_page: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _NoticeFacts:
    now: datetime
    recipients: Mapping[int, Recipients]
    earlier: Mapping[int, Sequence[_EarlierRecipient]]
    told_keys: dict[int, set[str]] = field(default_factory=dict)
    channels_of: Mapping[int, Sequence[Channel]] = field(default_factory=dict)
    channels: Mapping[int, Channel] = field(default_factory=dict)
    preferences: Mapping[int, Preferences] = field(default_factory=dict)

    def channels_for(self, recipient: Recipient, *, is_page: bool) -> list[Channel]:
        """The channels that take it: the named one, else all of the user's own."""
        if recipient.channel_id is not None:
            channel = self.channels.get(recipient.channel_id)
            return [channel] if channel is not None else []
        own = self.channels_of.get(recipient.user_id or 0, ())
        return [channel for channel in own if is_page or not channel.only_urgent]

    def reaches(self, recipient: Recipient, *, is_page: bool) -> bool:
        return not recipient.lack and bool(self.channels_for(recipient, is_page=is_page))

    def held_until(self, user_id: int | None) -> datetime | None:
        preferences = self.preferences.get(user_id or 0)
        return held_until(preferences, now=self.now) if preferences else None


def write_notices(
    transitions: Iterable[AlertTransition],
    *,
    now: datetime,
    recipients: Mapping[int, Recipients] | None = None,
) -> int:
    """Write notices, in the caller's transaction; returns how many. A fixed number of statements. A caller
    that has read the recipients of all open alerts passes them."""
    transitions = list(transitions)
    if not transitions:
        return 0
    with scopes.everything():
        facts = _facts_of(transitions, recipients, now)
        notices = [notice for each in transitions for notice in _notices(each, facts)]
        return len(Notice.objects.bulk_create(notices, ignore_conflicts=True))


def _facts_of(
    transitions: Sequence[AlertTransition], recipients: Mapping[int, Recipients] | None, now: datetime
) -> _NoticeFacts:
    alerts = {each.alert.pk: each.alert for each in transitions if each.reason not in FOLLOWS}
    if recipients is None:
        recipients = recipients_of(alerts.values(), now=now)
    earlier = _earlier_recipients(
        {each.alert.pk for each in transitions if each.reason in (*FOLLOWS, NoticeReason.WORSE)}
    )
    recipients_of_alerts = [recipients[alert_id] for alert_id in alerts]
    everybody = [
        recipient
        for each in recipients_of_alerts
        for recipient in (*(one for level in each.levels for one in level.recipients), *each.subscribers)
    ]
    everybody += [each.last_resort for each in recipients_of_alerts if each.last_resort is not None]
    everybody += [each.recipient for of_alert in earlier.values() for each in of_alert]
    users = {each.user_id for each in everybody} | {alert.assigned_to_id for alert in alerts.values()}
    user_ids = {user_id for user_id in users if user_id is not None}
    channel_ids = {each.channel_id for each in everybody}
    channels_of: dict[int, list[Channel]] = defaultdict(list)
    for channel in Channel.objects.usable().filter(owner__in=user_ids, is_shared=False).order_by("pk"):
        channels_of[channel.owner_id].append(channel)
    return _NoticeFacts(
        now=now,
        recipients=recipients,
        earlier=earlier,
        told_keys=told_recipient_keys([each.alert.pk for each in transitions if each.reason in GOES_ON]),
        channels_of=channels_of,
        channels=Channel.objects.usable().in_bulk(channel_ids - {None}),
        preferences=_preferences(user_ids),
    )


def told_recipient_keys(alert_ids: Collection[int]) -> dict[int, set[str]]:
    """The keys of those whom the present escalation of each alert has called, or will by a notice that waits. One
    statement, if any."""
    told_keys: dict[int, set[str]] = defaultdict(set)
    if alert_ids:
        calls = Notice.objects.filter(
            alert__in=alert_ids, lack="", channel__isnull=False, at__gte=F("alert__escalating_since")
        )
        calls = calls.exclude(role=SUBSCRIBER).exclude(reason__in=(*FOLLOWS, NoticeReason.ASSIGNED))
        for alert_id, user_id, channel_id in calls.order_by().values_list(
            "alert_id", "user_id", "channel_id"
        ):
            told_keys[alert_id].add(
                Recipient(user_id=user_id, channel_id=None if user_id else channel_id, role="").key
            )
    return told_keys


def _earlier_recipients(alert_ids: Collection[int]) -> dict[int, list[_EarlierRecipient]]:
    """The recipients who were told of alerts, or will be by a notice that waits; each channel once, as a page
    if it ever was one."""
    earlier: dict[int, dict[tuple[int | None, int], _EarlierRecipient]] = defaultdict(dict)
    rows = (
        Notice.objects.filter(alert__in=alert_ids, lack="", channel__isnull=False)
        .exclude(reason=NoticeReason.ACKNOWLEDGED)
        .order_by("is_page", "pk")
        .values_list("alert_id", "user_id", "channel_id", "role", "is_page")
    )
    for alert_id, user_id, channel_id, role, is_page in rows:
        recipient = Recipient(user_id=user_id, channel_id=channel_id, role=role)
        earlier[alert_id][user_id, channel_id] = _EarlierRecipient(recipient, is_page)
    return {alert_id: list(of_alert.values()) for alert_id, of_alert in earlier.items()}


def _preferences(user_ids: Collection[int]) -> dict[int, Preferences]:
    rows = AlertPreferences.objects.filter(user__in=user_ids).values_list(
        "user_id", "user__time_zone", "quiet_from", "quiet_until", "awake_until"
    )
    return {
        user_id: Preferences(
            zone=ZoneInfo(zone), quiet_from=quiet_from, quiet_until=quiet_until, awake_until=awake_until
        )
        for user_id, zone, quiet_from, quiet_until, awake_until in rows
    }


def _notices(transition: AlertTransition, facts: _NoticeFacts) -> Iterator[Notice]:
    """Each user and channel once, in the first role in which they are told."""
    alert, told_pairs = transition.alert, set[tuple[int | None, int | None]]()
    for recipient, is_page, can_be_held in _told_recipients(transition, facts):
        channels: list[Channel] = [] if recipient.lack else facts.channels_for(recipient, is_page=is_page)
        quiet_until = facts.held_until(recipient.user_id) if can_be_held and not is_page else None
        if transition.reason == NoticeReason.ACKNOWLEDGED:
            channels = [channel for channel in channels if channel.kind in LEARNS_OF_ACKNOWLEDGEMENTS]
            if not channels:
                continue
        for channel in channels or (None,):
            key = (recipient.user_id, channel.pk if channel else None)
            if key not in told_pairs:
                told_pairs.add(key)
                yield Notice(
                    alert=alert,
                    user_id=recipient.user_id,
                    channel=channel,
                    role=recipient.role,
                    reason=transition.reason,
                    turn=transition.turn,
                    is_page=is_page and channel is not None,
                    at=facts.now,
                    held_until=quiet_until,
                    lack=recipient.lack or ("" if channel else NotTold.NO_CHANNEL),
                )


def _told_recipients(
    transition: AlertTransition, facts: _NoticeFacts
) -> Iterator[tuple[Recipient, bool, bool]]:
    """Recipients with whether it is a page to them, and whether their quiet hours may hold it."""
    alert, reason = transition.alert, transition.reason
    earlier = facts.earlier.get(alert.pk, ())
    if reason in FOLLOWS:
        yield from ((each.recipient, False, not each.was_page) for each in earlier)
        return
    if reason == NoticeReason.ASSIGNED:
        if alert.assigned_to_id is not None:
            yield Recipient(user_id=alert.assigned_to_id, role="assigned"), False, True
        return
    is_page = alert.severity == AlertSeverity.CRITICAL and reason not in CAN_WAIT
    recipients = facts.recipients[alert.pk]
    recipients_to_call = _recipients_to_call(transition, recipients, facts, is_page=is_page)
    yield from ((recipient, is_page, True) for recipient in recipients_to_call)
    is_reached = any(facts.reaches(recipient, is_page=is_page) for recipient in recipients_to_call)
    is_out_of_reach = not is_reached and not transition.is_catch_up
    if recipients.last_resort is not None and (is_out_of_reach or reason == NoticeReason.LAST_RESORT):
        yield recipients.last_resort, is_page, False
    if reason == NoticeReason.WORSE:
        yield from ((each.recipient, is_page and each.was_page, True) for each in earlier)
    if reason in TO_SUBSCRIBERS:
        yield from ((recipient, False, True) for recipient in recipients.subscribers)


def _recipients_to_call(
    transition: AlertTransition, recipients: Recipients, facts: _NoticeFacts, *, is_page: bool
) -> list[Recipient]:
    """The recipients of the level. An escalation that goes on also tells those of earlier levels whom it has not told,
    since people change at a hand-over; while there are any, its next level tells nobody a second time."""
    level_recipients = list(_level_recipients(recipients, transition.level, facts, is_page=is_page))
    told_keys = facts.told_keys.setdefault(transition.alert.pk, set())
    if transition.reason not in GOES_ON:
        told_keys |= {each.key for each in level_recipients}
        return level_recipients
    untold_recipients = [
        recipient
        for level in recipients.levels[: transition.level]
        for recipient in level.recipients
        if recipient.key not in told_keys and facts.reaches(recipient, is_page=is_page)
    ]
    if transition.is_catch_up:
        recipients_to_call = untold_recipients
    elif transition.reason == NoticeReason.ESCALATED and untold_recipients:
        others = [each for each in level_recipients if each not in untold_recipients]
        recipients_to_call = [*untold_recipients, *(each for each in others if each.key not in told_keys)]
    else:
        recipients_to_call = [
            *level_recipients,
            *(each for each in untold_recipients if each not in level_recipients),
        ]
    told_keys |= {each.key for each in recipients_to_call}
    return recipients_to_call


def _level_recipients(
    recipients: Recipients, level: int, facts: _NoticeFacts, *, is_page: bool
) -> Iterator[Recipient]:
    """The recipients of a level, counted from 1; also those of the next one while none has a channel."""
    for each in recipients.levels[min(max(level, 1), len(recipients.levels)) - 1 :]:
        yield from each.recipients
        if any(facts.reaches(one, is_page=is_page) for one in each.recipients):
            return
