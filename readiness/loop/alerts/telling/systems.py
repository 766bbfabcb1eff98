"""Messages to other systems: PagerDuty one incident for each cause, Alertmanager each alert, again and again."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

from readiness.loop.alerts.core.kinds import AlertStanding
from readiness.loop.alerts.core.quiet import BETWEEN
from readiness.loop.alerts.models import Alert, Notice
from readiness.loop.alerts.telling.notices import FOLLOWS
from readiness.loop.alerts.telling.payloads import PayloadSubject, payload
from readiness.loop.alerts.telling.readers import AlertReaders, alert_readers
from readiness.loop.alerts.telling.readings import Readings
from web.delivery.models import Channel, ChannelKind, Message
from web.delivery.outbox import Draft

RESENT_EVERY = timedelta(minutes=5)
ENDS_AFTER = 4 * RESENT_EVERY
"""Alertmanager ends an alert by itself that is not sent again within this time."""
ALERTS_AT_ONCE = 200

type Firing = Mapping[tuple[int, str], set[str]]
"""Standings of the alerts that fire and were told to a channel, by channel and group."""


def firing_groups(to_send: Mapping[Channel, Sequence[Notice]], facts: Readings) -> Firing:
    """One statement, where a channel is PagerDuty's."""
    channels = [channel for channel in to_send if channel.kind == ChannelKind.PAGERDUTY]
    if not channels:
        return {}
    groups = {facts.alerts[each.alert_id].group for channel in channels for each in to_send[channel]}
    rows = (
        Notice.objects.filter(channel__in=channels, lack="", alert__group__in=groups, alert__ended_at=None)
        .order_by()
        .values_list("channel_id", "alert__group", "alert__standing")
        .distinct()
    )
    firing: dict[tuple[int, str], set[str]] = defaultdict(set)
    for channel_id, group, standing in rows:
        firing[channel_id, group].add(standing)
    return firing


def told_lately(channels: Iterable[Channel], *, now: datetime) -> set[tuple[int, str]]:
    """The groups of which channels were told within the last minute. One statement, where a channel is PagerDuty's."""
    ids = [channel.pk for channel in channels if channel.kind == ChannelKind.PAGERDUTY]
    if not ids:
        return set()
    sent_notices = Notice.objects.sent().filter(channel__in=ids, sent_at__gt=now - BETWEEN).order_by()
    return set(sent_notices.values_list("channel_id", "alert__group").distinct())


def incidents(
    channel: Channel,
    notices: Sequence[Notice],
    facts: Readings,
    firing: Firing,
    told_groups: set[tuple[int, str]],
) -> Iterator[tuple[list[Notice], str]]:
    """The notices of each cause, with the action; "" where there is nothing to say, since others of it still fire. What
    repeats itself within a minute is left out, and waits."""
    groups: dict[str, list[Notice]] = defaultdict(list)
    for notice in notices:
        groups[facts.alerts[notice.alert_id].group].append(notice)
    for group, of_group in groups.items():
        standings = firing.get((channel.pk, group), set())
        action = "trigger"
        if not standings:
            action = "resolve"
        elif standings == {AlertStanding.ACKNOWLEDGED}:
            action = "acknowledge"
        if action == "trigger" and all(notice.reason in FOLLOWS for notice in of_group):
            yield of_group, ""
        elif action != "trigger" or (channel.pk, group) not in told_groups:
            yield of_group, action


def incident_draft(draft: Draft, action: str, group: str) -> Draft:
    return replace(
        draft,
        payload={**draft.payload, "action": action, "dedup_key": group},
        order_key=f"alerts-{draft.channel_id}-{group}"[:200],
        # A channel of urgent messages only would keep an incident open for ever.
        is_urgent=draft.is_urgent or action != "trigger",
    )


def alert_batches(
    channel: Channel, alerts: Iterable[Alert], *, key: str, event: str, now: datetime
) -> Iterator[tuple[Draft, Sequence[Alert]]]:
    """Messages to Alertmanager: each has as many alerts as one body takes, and when those that fire end by
    themselves."""
    for number, batch in enumerate(batched(alerts, ALERTS_AT_ONCE)):
        message_key = f"{key}-{number}"
        subject = PayloadSubject(event, "trigger", batch[0].group)
        yield (
            Draft(
                channel_id=channel.pk,
                key=message_key,
                event=event,
                subject=f"{len(batch)} alerts for Alertmanager" if len(batch) > 1 else batch[0].title,
                text="",
                payload=ends_by_itself(
                    payload(subject, batch, key=message_key, now=now, actions={}, most=ALERTS_AT_ONCE), now
                ),
                order_key=f"alerts-{channel.pk}",
                about=f"alert:{batch[0].pk}",
                is_urgent=True,
            ),
            batch,
        )


def ends_by_itself(content: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {**content, "ends_at": (now + ENDS_AFTER).isoformat(), "lasts_s": ENDS_AFTER.total_seconds()}


def resent(*, now: datetime) -> list[Draft]:
    """Everything that Alertmanager was told, that still fires and that the channel may still read, once in each five
    minutes. Two statements, and where it is the turn of a channel, two for each, and four more if anything fires."""
    channels = list(Channel.objects.usable().filter(kind=ChannelKind.ALERTMANAGER).order_by("pk"))
    if not channels:
        return []
    turn = int(now.timestamp() // RESENT_EVERY.total_seconds())
    keys = {f"alerts-{channel.pk}-again-{turn}": channel for channel in channels}
    keys_of_first = {f"{key}-0": key for key in keys}
    sent_keys = set(Message.objects.filter(key__in=keys_of_first).values_list("key", flat=True))
    drafts: list[Draft] = []
    if sent_keys == keys_of_first.keys():
        return drafts
    readers: AlertReaders | None = None
    for first_key, key in keys_of_first.items():
        if first_key in sent_keys:
            continue
        channel = keys[key]
        told_alerts = Notice.objects.sent().filter(channel=channel).values("alert")
        alerts = list(
            Alert.objects.open().filter(pk__in=told_alerts).select_related("site__region").order_by("pk")
        )
        if not alerts:
            continue
        readers = readers or alert_readers()
        readable_alerts = [alert for alert in alerts if readers.reads(channel, alert, alert.site)]
        batches = alert_batches(channel, readable_alerts, key=key, event="alert.repeated", now=now)
        drafts += [draft for draft, _alerts in batches]
    return drafts
