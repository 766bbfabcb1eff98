"""Messages that arrive become alerts: only news changes something, and nothing that is over opens again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction

from accounts.models import User
from readiness.loop.alerts.core.inbound.messages import OutsideAlert, OutsideMessage
from readiness.loop.alerts.core.inbound.occurrences import (
    AlertOccurrence,
    OccurrenceChange,
    hear,
    latest_of_others,
)
from readiness.loop.alerts.core.kinds import AlertKind
from readiness.loop.alerts.core.present import PresentAlert
from readiness.loop.alerts.inbound.rules import AlertPlace, places_of
from readiness.loop.alerts.models import AlertSender, EndedBy, InboundAlert, InboundWebhook
from readiness.loop.alerts.raising.stakes import stakes_of
from readiness.loop.alerts.raising.writing import write

FORGOTTEN_AFTER = timedelta(days=30)
"""How long it is known that an alert is over; no message comes later than that."""
GROUP_CHARS = 300
_OCCURRENCE = ("starts_at", "is_open", "over_from", "over_until", "late_at")
_CONTENT = ("group", "labels", "title", "detail", "url")
_PLACE = ("site_id", "rule_id", "is_ignored", "reason")
_WRITTEN = [
    *_OCCURRENCE,
    *_CONTENT,
    *(name.removesuffix("_id") for name in _PLACE),
    *("heard_at", "missing_since"),
]


@dataclass(frozen=True, slots=True)
class MessageReceipt:
    """Numbers of the alerts of a message by what they did, and their rows by fingerprint."""

    firing: int
    ended: int
    unmapped: int
    late: int
    rows: Mapping[str, InboundAlert]

    @property
    def sentence(self) -> str:
        return f"{self.firing} firing, {self.ended} ended, {self.unmapped} not mapped, {self.late} late"


@transaction.atomic
def take(sender: AlertSender, message: OutsideMessage, *, now: datetime) -> MessageReceipt:
    """Take in one message; a fixed number of statements, however many alerts it has. Messages of one sender take
    turns."""
    AlertSender.objects.select_for_update(no_key=True).get(pk=sender.pk)
    rows_of_message = sender.alerts.filter(fingerprint__in={alert.fingerprint for alert in message.alerts})
    stored = {row.fingerprint: row for row in rows_of_message.select_for_update()}
    columns_before = {name: _columns_of(row) for name, row in stored.items()}
    rows, changes = _hear(sender, stored, message, now)
    firing = [rows[name] for name, change in changes.items() if change in _FIRES]
    ended_keys = [rows[name].key for name, change in changes.items() if change is OccurrenceChange.ENDED]
    places = _map_rows(firing, sender)
    _save(sender, rows, columns_before, now)
    if message.group and not message.truncated:
        unlisted = sender.alerts.open().filter(group=message.group, missing_since=None)
        unlisted.exclude(fingerprint__in=rows).update(missing_since=now)
    write(_present_alerts(firing, places, now), endings=dict.fromkeys(ended_keys, EndedBy.SENDER), now=now)
    AlertSender.objects.filter(pk=sender.pk).update(last_taken_at=now)
    return MessageReceipt(
        firing=len(firing),
        ended=len(ended_keys),
        unmapped=sum(row.state == "not mapped" for row in firing),
        late=list(changes.values()).count(OccurrenceChange.LATE),
        rows=rows,
    )


def _hear(
    sender: AlertSender, stored: Mapping[str, InboundAlert], message: OutsideMessage, now: datetime
) -> tuple[dict[str, InboundAlert], dict[str, OccurrenceChange]]:
    """The row of each alert after the message, and what that changes, by fingerprint."""
    newest = {alert.fingerprint: alert for alert in message.alerts}
    made_after = latest_of_others(newest.values())
    rows: dict[str, InboundAlert] = {}
    changes: dict[str, OccurrenceChange] = {}
    for name, alert in sorted(newest.items()):
        row, present = stored.get(name), None
        if row is not None:
            present = AlertOccurrence(**{field: getattr(row, field) for field in _OCCURRENCE})
        occurrence, change = hear(present, alert, made_after=made_after[name], now=now)
        rows[name], changes[name] = row or _new_row(sender, alert), change
        for field in _OCCURRENCE:
            setattr(rows[name], field, getattr(occurrence, field))
        if change in _FIRES:
            _copy(rows[name], alert, message.group)
    return rows, changes


def _new_row(sender: AlertSender, alert: OutsideAlert) -> InboundAlert:
    labels = dict(alert.labels)
    return InboundAlert(sender=sender, fingerprint=alert.fingerprint, title=alert.title, labels=labels)


def _copy(row: InboundAlert, alert: OutsideAlert, group: str) -> None:
    row.group, row.labels, row.title = group, dict(alert.labels), alert.title
    row.detail, row.url, row.missing_since = alert.detail, alert.url, None


def _columns_of(row: InboundAlert) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in (*_OCCURRENCE, *_CONTENT, *_PLACE, "missing_since"))


def _save(
    sender: AlertSender,
    rows: Mapping[str, InboundAlert],
    columns_before: Mapping[str, tuple[Any, ...]],
    now: datetime,
) -> None:
    """Write what is new or differs; most of a message that comes again does not."""
    changed_rows = [row for name, row in rows.items() if columns_before.get(name) != _columns_of(row)]
    for row in changed_rows:
        row.heard_at = now
    InboundAlert.objects.bulk_create(
        changed_rows, update_conflicts=True, unique_fields=["sender", "fingerprint"], update_fields=_WRITTEN
    )
    same_names = rows.keys() - {row.fingerprint for row in changed_rows}
    sender.alerts.filter(fingerprint__in=same_names).update(heard_at=now)


_FIRES = (OccurrenceChange.OPENED, OccurrenceChange.REPEATED)


def _map_rows(rows: Sequence[InboundAlert], sender: AlertSender) -> dict[str, AlertPlace]:
    """Give alerts their sites; returns what else their labels say, by fingerprint."""
    places = dict(
        zip((row.fingerprint for row in rows), places_of([row.labels for row in rows], sender), strict=True)
    )
    for row in rows:
        place = places[row.fingerprint]
        mapping = place.mapping
        row.site_id, row.rule_id = place.site_id, mapping.rule.id if mapping.rule else None
        row.is_ignored, row.reason = mapping.is_ignored, mapping.reason[:300]
    return places


def _present_alerts(
    rows: Sequence[InboundAlert], places: Mapping[str, AlertPlace], now: datetime
) -> list[PresentAlert]:
    mapped_rows = [row for row in rows if row.state == "raised"]
    stakes = stakes_of({row.site_id for row in mapped_rows if row.site_id}, now=now)
    present = []
    for row in mapped_rows:
        place = places[row.fingerprint]
        at_stake = stakes[row.site_id or 0]
        present.append(
            PresentAlert(
                key=row.key,
                kind=AlertKind.INBOUND,
                group=f"inbound-{row.sender_id}:{_short(row.group or row.fingerprint)}",
                severity=place.mapping.severity,
                title=row.title,
                detail=row.detail,
                url=row.url,
                site_id=row.site_id,
                domain=place.mapping.domain,
                check_id=place.mapping.check_id,
                object=place.object,
                kw=at_stake.kw,
                workloads=at_stake.workloads,
                began_at=min(row.starts_at, now),
            )
        )
    return present


def _short(group: str) -> str:
    return group if len(group) <= GROUP_CHARS else sha256(group.encode()).hexdigest()


def map_again(*, now: datetime) -> int:
    """Map open alerts that no rule fitted once more, since rules may have changed; returns how many are raised now."""
    unmapped = InboundAlert.objects.unmapped().order_by().values("sender")
    senders = AlertSender.objects.filter(pk__in=unmapped).select_related("site").order_by("pk")
    return sum(_map_waiting(sender, now) for sender in senders)


@transaction.atomic
def _map_waiting(sender: AlertSender, now: datetime) -> int:
    AlertSender.objects.select_for_update(no_key=True).get(pk=sender.pk)
    rows = list(InboundAlert.objects.unmapped().filter(sender=sender).select_for_update())
    places = _map_rows(rows, sender)
    InboundAlert.objects.bulk_update(rows, [name.removesuffix("_id") for name in _PLACE])
    present = _present_alerts(rows, places, now)
    write(present, endings={}, now=now)
    return len(present)


@transaction.atomic
def end_by_hand(alert: InboundAlert, *, by: User | None, now: datetime) -> None:
    """End an alert of which the sender will not tell the end. If the sender goes on telling of it, it comes back."""
    row = InboundAlert.objects.select_for_update(of=("self",)).get(pk=alert.pk)
    if not row.is_open:
        return
    row.is_open, row.over_from, row.over_until, row.missing_since = False, row.starts_at, now, None
    row.save(update_fields=["is_open", "over_from", "over_until", "missing_since"])
    write([], endings={row.key: EndedBy.PERSON}, now=now)


def forget(*, now: datetime) -> int:
    """Delete what is long over."""
    limit = now - FORGOTTEN_AFTER
    InboundWebhook.objects.filter(taken_at__lt=limit).delete()
    return InboundAlert.objects.filter(is_open=False, heard_at__lt=limit).delete()[0]
