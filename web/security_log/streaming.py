"""Stream the security log to a receiver, by syslog or a webhook: whole batches with their heads, in order, each at
least once.

The place up to which a receiver has everything is in the database. It moves once the receiver has taken a batch, so
whoever is away for hours gets all of it later, and a crash in between sends a batch again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max, Q, QuerySet

from web.faults import MusterFault
from web.security_log import syslog, webhook
from web.security_log.models import SecurityBatch, SecurityStream
from web.security_log.outgoing import OutgoingBatch, read_outgoing
from web.security_log.webhook import NotTaken

MOST_BATCHES, MOST_EVENTS = 500, 2000
"""One connection or request sends no more batches and events than these; a batch is sent whole."""
LEASE = timedelta(minutes=2)
"""No connection or request may take as long as a lease. When a lease ends, another worker sends the same again."""
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
    if not (receiver := receiver_name()):
        return 0
    stream, _ = SecurityStream.objects.get_or_create(receiver=receiver)
    batches = _next_batches(stream)
    if not batches or not _claim(stream, now):
        return 0
    events = sum(batch.events for batch in batches)
    claimed_stream = SecurityStream.objects.filter(pk=stream.pk, sent_batch=stream.sent_batch)
    try:
        _send(read_outgoing(batches), now)
    except (OSError, NotTaken) as error:
        answer = str(error) if isinstance(error, NotTaken) else f"{type(error).__name__}: {error}"
        claimed_stream.update(leased_until=None, last_answer=answer[:300])
        return 0
    claimed_stream.update(sent_batch=batches[-1].number, sent_at=now, leased_until=None, last_answer="")
    return events


def _send(batches: Sequence[OutgoingBatch], now: datetime) -> None:
    """Raises OSError or NotTaken unless the receiver took all of them."""
    if settings.SECURITY_LOG_SYSLOG:
        syslog.send(settings.SECURITY_LOG_SYSLOG, batches)
    else:
        webhook.send(batches, now=now)


def receiver_name() -> str:
    """The name of the receiver, as its row and the page have it; "" if there is none. Settings name one at most."""
    return settings.SECURITY_LOG_SYSLOG or webhook.receiver_name()


def last_number_sent() -> int | None:
    """The number of the last batch that the receiver has; None if there is no receiver."""
    if not (receiver := receiver_name()):
        return None
    stream = SecurityStream.objects.filter(receiver=receiver).first()
    return stream.sent_batch if stream else 0


def highest_number_sent() -> int:
    """The number of the last batch that any receiver has, also a former one."""
    return SecurityStream.objects.aggregate(highest=Max("sent_batch"))["highest"] or 0


def read_standing() -> StreamStanding | None:
    """None if there is no receiver; else two statements."""
    if not (receiver := receiver_name()):
        return None
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
