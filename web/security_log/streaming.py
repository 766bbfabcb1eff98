"""Stream the security log to a syslog receiver: whole batches with their heads, in order, each at least once.

The place up to which a receiver has everything is in the database. It moves once the receiver has read a batch, so
whoever is away for hours gets all of it later, and a crash in between sends a batch again.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max, Q, QuerySet

from web.faults import MusterFault
from web.security_log import heads, syslog
from web.security_log.core.chain import instant_text
from web.security_log.core.syslog import SyslogSeverity, syslog_frame
from web.security_log.models import BAD_ACTIONS, SecurityBatch, SecurityEvent, SecurityStream
from web.security_log.queries import batch_of

MOST_BATCHES, MOST_EVENTS = 500, 2000
"""What one connection sends at most; a batch is sent whole."""
LEASE = timedelta(minutes=2)
"""Longer than a connection may take; then another worker sends the same again."""
LATE_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class StreamStanding:
    """`waiting_since` is when the oldest batch was chained that the receiver lacks; None if it has all."""

    receiver: str
    waiting_since: datetime | None
    last_answer: str


def send_next(*, now: datetime) -> int:
    """Send the next batches to the receiver, and move its place; returns how many events.

    It returns 0 if there is no receiver, if it has everything or took nothing, or if another worker is sending.
    """
    if not settings.SECURITY_LOG_SYSLOG:
        return 0
    stream, _ = SecurityStream.objects.get_or_create(receiver=settings.SECURITY_LOG_SYSLOG)
    batches = _next_batches(stream)
    if not batches or not _claim(stream, now):
        return 0
    events = sum(batch.events for batch in batches)
    claimed = SecurityStream.objects.filter(pk=stream.pk, sent_batch=stream.sent_batch)
    try:
        syslog.send(settings.SECURITY_LOG_SYSLOG, b"".join(_frames(batches)))
    except OSError as error:
        answer = f"{type(error).__name__}: {error}"[:300]
        claimed.update(leased_until=None, last_answer=answer)
        return 0
    claimed.update(sent_batch=batches[-1].number, sent_at=now, leased_until=None, last_answer="")
    return events


def last_number_sent() -> int | None:
    """The number of the last batch that the receiver has; None if there is no receiver."""
    if not settings.SECURITY_LOG_SYSLOG:
        return None
    stream = SecurityStream.objects.filter(receiver=settings.SECURITY_LOG_SYSLOG).first()
    return stream.sent_batch if stream else 0


def highest_number_sent() -> int:
    """The number of the last batch that any receiver has, also a former one."""
    return SecurityStream.objects.aggregate(highest=Max("sent_batch"))["highest"] or 0


def read_standing() -> StreamStanding | None:
    """None if there is no receiver; else two statements."""
    if not settings.SECURITY_LOG_SYSLOG:
        return None
    receiver = settings.SECURITY_LOG_SYSLOG
    stream = SecurityStream.objects.filter(receiver=receiver).first() or SecurityStream(receiver=receiver)
    first = _unsent_batches(stream).first()
    return StreamStanding(receiver, first.chained_at if first else None, stream.last_answer)


def faults(now: datetime) -> Iterator[MusterFault]:
    standing = read_standing()
    if standing and standing.waiting_since and now - standing.waiting_since > LATE_AFTER:
        # More people see faults than may see the receiver.
        title, detail = (
            "The security log is not streamed",
            "Its receiver lacks events. The security log says why.",
        )
        yield MusterFault("security-log-stream", title, detail, standing.waiting_since, is_bad=False)


def _unsent_batches(stream: SecurityStream) -> QuerySet[SecurityBatch]:
    return SecurityBatch.objects.filter(number__gt=stream.sent_batch, dropped_at=None)


def _next_batches(stream: SecurityStream) -> list[SecurityBatch]:
    batches: list[SecurityBatch] = []
    events = 0
    for batch in _unsent_batches(stream)[:MOST_BATCHES]:
        events += batch.events
        if batches and events > MOST_EVENTS:
            break
        batches.append(batch)
    return batches


def _claim(stream: SecurityStream, now: datetime) -> bool:
    """Keep other workers from sending the same, unless the one that does has been silent for too long."""
    is_free = Q(leased_until=None) | Q(leased_until__lte=now) | Q(leased_until__gt=now + LEASE)
    rows = SecurityStream.objects.filter(is_free, pk=stream.pk, sent_batch=stream.sent_batch)
    return rows.update(leased_until=now + LEASE) == 1


def _frames(batches: Sequence[SecurityBatch]) -> Iterator[bytes]:
    """Each event of a batch, and then its head as the file of heads has it."""
    host, events_by_batch = syslog.own_name(), defaultdict[int | None, list[SecurityEvent]](list)
    for event in SecurityEvent.objects.filter(batch__in=batches).order_by("pk"):
        events_by_batch[event.batch_id].append(event)
    for batch in batches:
        for event in events_by_batch[batch.pk]:
            severity = SyslogSeverity.WARNING if event.action in BAD_ACTIONS else SyslogSeverity.NOTICE
            content = _content(event, batch)
            yield syslog_frame(
                at=event.last_at, host=host, kind=event.action, severity=severity, content=content
            )
        yield syslog_frame(
            at=batch.chained_at,
            host=host,
            kind="head",
            severity=SyslogSeverity.INFORMATIONAL,
            content=heads.head_line(batch_of(batch)),
        )


def _content(event: SecurityEvent, batch: SecurityBatch) -> str:
    """Accounts are ids, as in the chain: what has left Muster cannot be erased. After a restore ids and numbers begin
    again, and the digest tells events of one id apart."""
    values = {
        "event": event.pk,
        "batch": batch.number,
        "digest": bytes(event.digest or b"").hex(),
        "at": instant_text(event.at),
        "last_at": instant_text(event.last_at),
        "times": event.times,
        "action": event.action,
        "actor": event.actor_id,
        "part": event.part,
        "token": event.token,
        "account": event.account_id,
        "address": event.address,
        "place": event.place,
        "detail": event.detail,
        "request": event.request_id,
    }
    return json.dumps(values, separators=(",", ":"))
