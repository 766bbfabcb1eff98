"""Send what waits: each channel's notices in one message, at most one a minute."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched

from django.db import transaction
from django.db.models import Max, Q

from readiness.assessment.scoring.operations import lock
from readiness.loop.alerts.core.grouping import groups_of
from readiness.loop.alerts.core.kinds import AlertStanding, NoticeReason
from readiness.loop.alerts.core.quiet import BETWEEN, ChannelPace
from readiness.loop.alerts.core.routes import NotTold
from readiness.loop.alerts.models import Notice
from readiness.loop.alerts.telling import systems
from readiness.loop.alerts.telling.messages import MOST_DESCRIBED, draft_of
from readiness.loop.alerts.telling.payloads import MOST_ALERTS
from readiness.loop.alerts.telling.readings import Readings, readings
from web import scopes
from web.delivery import outbox
from web.delivery.models import Channel, ChannelKind
from web.delivery.outbox import Draft

OVERTAKES = (AlertStanding.ACKNOWLEDGED, AlertStanding.SILENCED, AlertStanding.MUTED)
"""Standings in which nobody is to act, so that what waits to call somebody is not sent any more."""
TOLD_NEVERTHELESS = (NoticeReason.ENDED, NoticeReason.ACKNOWLEDGED, NoticeReason.ASSIGNED)
_LOCK = 0x54454C  # "TEL"


@dataclass(frozen=True, slots=True)
class _Parcel:
    """The notices of one message. Without a draft, a message from before tells of them."""

    notices: Sequence[Notice]
    draft: Draft | None


@transaction.atomic
def flush(*, now: datetime) -> int:
    """Write the messages that are due into the outbox; returns how many. One flush at a time; the number of statements
    depends on channels, not on alerts."""
    with scopes.everything():
        lock([0], purpose=_LOCK)
        waiting = list(
            Notice.objects.waiting()
            .filter(Q(held_until=None) | Q(held_until__lte=now))
            .order_by("channel_id", "pk")
        )
        resent = systems.resent(now=now)
        if not waiting:
            return len(outbox.send(resent, now=now))
        parcels, dropped_notices = _parcels(waiting, now)
        _drop_notices(dropped_notices)
        drafts = [parcel.draft for parcel in parcels if parcel.draft is not None]
        messages = outbox.send([*drafts, *resent], now=now)
        _note_sent(parcels, {message.key: message.pk for message in messages}, now)
        return len(messages)


def _parcels(waiting: Sequence[Notice], now: datetime) -> tuple[list[_Parcel], dict[NotTold, list[int]]]:
    by_channel: dict[int, list[Notice]] = defaultdict(list)
    for notice in waiting:
        by_channel[notice.channel_id or 0].append(notice)
    channels = Channel.objects.in_bulk(by_channel)
    paces = _paces(by_channel, now)
    due_notices = {
        channels[channel_id]: notices
        for channel_id, notices in by_channel.items()
        if paces.get(channel_id, ChannelPace()).lets_through(
            is_page=any(each.is_page for each in notices), now=now
        )
        or channels[channel_id].kind == ChannelKind.PAGERDUTY
    }
    alert_ids = {each.alert_id for notices in due_notices.values() for each in notices}
    facts = readings(alert_ids, {channel.owner_id for channel in due_notices}, now=now)
    dropped_notices: dict[NotTold, list[int]] = defaultdict(list)
    to_send = {
        channel: kept_notices
        for channel, notices in due_notices.items()
        if (kept_notices := _visible_notices(channel, notices, facts, dropped_notices))
    }
    facts.describe(_heads(to_send, facts))
    facts.read_pages(to_send)
    return list(_packed(to_send, facts)), dropped_notices


def _paces(channel_ids: Iterable[int], now: datetime) -> dict[int, ChannelPace]:
    """The last message and the last page of each channel in the minute before `now`."""
    rows = (
        Notice.objects.sent()
        .filter(channel__in=list(channel_ids), sent_at__gt=now - BETWEEN)
        .order_by()
        .values_list("channel_id")
        .annotate(last=Max("sent_at"), page=Max("sent_at", filter=Q(is_page=True)))
    )
    return {channel_id: ChannelPace(sent_at=last, page_sent_at=page) for channel_id, last, page in rows}


def _visible_notices(
    channel: Channel, notices: Sequence[Notice], facts: Readings, dropped_notices: dict[NotTold, list[int]]
) -> list[Notice]:
    """The notices that are still to be told, and that whoever reads the channel may see."""
    reader = facts.readers.get(channel.owner_id)
    alerts = [facts.alerts[each.alert_id] for each in notices]
    visible = facts.visible(alerts, reader, channel) if reader else set()
    kept_notices = []
    for notice in notices:
        is_overtaken = facts.alerts[notice.alert_id].standing in OVERTAKES
        if notice.alert_id not in visible:
            dropped_notices[NotTold.NOT_VISIBLE].append(notice.pk)
        elif is_overtaken and notice.reason not in TOLD_NEVERTHELESS:
            dropped_notices[NotTold.OVERTAKEN].append(notice.pk)
        else:
            kept_notices.append(notice)
    return kept_notices


def _heads(to_send: Mapping[Channel, Sequence[Notice]], facts: Readings) -> set[int]:
    """The alerts that the messages describe."""
    return {
        group.head.pk
        for _channel, notices in _portions(to_send, facts)
        for group in groups_of({each.alert_id: facts.alerts[each.alert_id] for each in notices}.values())[
            :MOST_DESCRIBED
        ]
    }


def _portions(
    to_send: Mapping[Channel, Sequence[Notice]], facts: Readings
) -> Iterator[tuple[Channel, Sequence[Notice]]]:
    """The notices of each channel; those of a webhook in portions of as many alerts as a payload takes, so that none is
    left out."""
    for channel, notices in to_send.items():
        if channel.kind != ChannelKind.WEBHOOK:
            yield channel, notices
            continue
        by_alert = _notices_by_alert(notices)
        groups = groups_of([facts.alerts[alert_id] for alert_id in by_alert])
        for batch in batched((alert for group in groups for alert in group.alerts), MOST_ALERTS):
            yield channel, [notice for alert in batch for notice in by_alert[alert.pk]]


def _notices_by_alert(notices: Iterable[Notice]) -> dict[int, list[Notice]]:
    by_alert: dict[int, list[Notice]] = defaultdict(list)
    for notice in notices:
        by_alert[notice.alert_id].append(notice)
    return by_alert


def _packed(to_send: Mapping[Channel, Sequence[Notice]], facts: Readings) -> Iterator[_Parcel]:
    firing, told_groups = systems.firing_groups(to_send, facts), systems.told_lately(to_send, now=facts.now)
    for channel, notices in _portions(to_send, facts):
        reader = facts.readers[channel.owner_id]
        match channel.kind:
            case ChannelKind.PAGERDUTY:
                for of_group, action in systems.incidents(channel, notices, facts, firing, told_groups):
                    group = facts.alerts[of_group[0].alert_id].group
                    draft = draft_of(of_group, channel, reader, facts)
                    yield _Parcel(of_group, systems.incident_draft(draft, action, group) if action else None)
            case ChannelKind.ALERTMANAGER:
                yield from _alertmanager(channel, notices, facts)
            case _:
                yield _Parcel(notices, draft_of(notices, channel, reader, facts))


def _alertmanager(channel: Channel, notices: Sequence[Notice], facts: Readings) -> Iterator[_Parcel]:
    by_alert = _notices_by_alert(notices)
    alerts = [facts.alerts[alert_id] for alert_id in by_alert]
    key = f"alerts-{channel.pk}-{notices[0].pk}"
    for draft, batch in systems.alert_batches(channel, alerts, key=key, event="alert.raised", now=facts.now):
        yield _Parcel([notice for alert in batch for notice in by_alert[alert.pk]], draft)


def _drop_notices(dropped_notices: Mapping[NotTold, Sequence[int]]) -> None:
    for lack, notice_ids in dropped_notices.items():
        Notice.objects.filter(pk__in=notice_ids).update(lack=lack)


def _note_sent(parcels: Sequence[_Parcel], messages: Mapping[str, int], now: datetime) -> None:
    """One statement for each message."""
    for parcel in parcels:
        message_id = messages.get(parcel.draft.key) if parcel.draft else None
        notice_ids = [notice.pk for notice in parcel.notices]
        Notice.objects.filter(pk__in=notice_ids).update(message=message_id, sent_at=now)
