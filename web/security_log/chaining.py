"""Chain what was recorded, in batches, and drop what is past its time."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from web.security_log import heads, streaming
from web.security_log.core.chain import (
    NO_HEAD,
    AlikeKey,
    alike_key,
    batch_digest,
    event_digest,
    head_of_batch,
)
from web.security_log.core.verifying import ChainedBatch, HeadOutside
from web.security_log.models import DROPPING, SecurityBatch, SecurityEvent
from web.security_log.queries import batch_of, content_of
from web.security_log.recording import record
from web.security_log.standing import CONTRADICTIONS, LogState, read_state

MAX_BATCH_EVENTS = 2000
NOTE_INTERVAL = timedelta(hours=1)
"""The least time between two events of one difference: a full disk would otherwise make one each half minute."""
_log = logging.getLogger(__name__)


def chain(*, now: datetime) -> int:
    """Chain all committed events; returns how many. Without any it takes one statement and writes nothing."""
    if not SecurityEvent.objects.filter(batch=None).exists():
        return 0
    count = 0
    with heads.lock():
        _note_difference(now)
        while (batch := _chain_batch(now)) is not None:
            _log.info("Security log: %s", heads.head_line(batch))
            count += batch.events
        keep_heads()
    return count


def _note_difference(now: datetime) -> None:
    """Record that the heads outside are not those of the log. The next line of the file would hide it."""
    state = read_state()[0]
    if state != LogState.BEHIND and state not in CONTRADICTIONS:
        return
    action = SecurityEvent.Action.HEADS_DIFFERED
    noted_events = SecurityEvent.objects.filter(action=action, detail__state=state)
    if not noted_events.filter(last_at__gt=now - NOTE_INTERVAL).exists():
        record(action, part="worker", detail={"state": state}, counts_repeats=False, now=now)


@transaction.atomic
def _chain_batch(now: datetime) -> ChainedBatch | None:
    """Chain the oldest open events. One that is being counted again at this moment waits for the next batch."""
    _lock_log()
    rows = SecurityEvent.objects.filter(batch=None).order_by("pk").select_for_update(skip_locked=True)
    events = list(rows[:MAX_BATCH_EVENTS])
    if not events:
        return None
    for event in events:
        event.digest = event_digest(content_of(event))
    last, head_outside = SecurityBatch.objects.last(), _last_head()
    # After a cut the numbers go on behind those that are kept outside or were sent: the gap stays.
    number_outside = max(head_outside.number if head_outside else 0, streaming.highest_number_sent())
    number = max(last.number if last else 0, number_outside) + 1
    digest = batch_digest(bytes(event.digest or b"") for event in events)
    previous = bytes(last.head) if last else NO_HEAD
    stored = SecurityBatch.objects.create(
        number=number,
        chained_at=now,
        events=len(events),
        digest=digest,
        head=head_of_batch(previous, number=number, chained_at=now, events=len(events), digest=digest),
    )
    for event in events:
        event.batch, event.fold_key = stored, ""
    _fold(events)
    columns = ["batch", "digest", "fold_key", "lead", "alike"]
    SecurityEvent.objects.bulk_update(events, columns, batch_size=500)
    return batch_of(stored)


def _fold(events: Iterable[SecurityEvent]) -> None:
    """Have the first of several alike events of one request or command lead the others."""
    leads: dict[AlikeKey, SecurityEvent] = {}
    for event in events:
        if (key := alike_key(content_of(event))) is not None:
            lead = leads.setdefault(key, event)
            if lead is not event:
                event.lead = lead
                lead.alike += 1


def keep_heads() -> None:
    """Write the heads of committed batches that the file lacks. Raises OSError if the folder cannot be written."""
    if heads.has_folder():
        head_outside = _last_head()
        last_number = head_outside.number if head_outside else 0
        lacking_batches = SecurityBatch.objects.filter(number__gt=last_number, dropped_at=None)
        heads.append(batch_of(each) for each in lacking_batches)


def _last_head() -> HeadOutside | None:
    """The last head outside, if a key of this installation signed it.

    A damaged file stops no chaining: the log says so, and the verification fails.
    """
    try:
        head = heads.last_head()
    except heads.HeadsUnreadable as error:
        _log.error("%s", error)
        return None
    return head if head is None or head.is_signed else None


def drop_expired(*, now: datetime) -> int:
    """Delete batches past MUSTER_SECURITY_LOG_DAYS, and keep the last one as a signed checkpoint; returns how many.

    What was dropped is an event itself. What the syslog receiver lacks stays. A clock that is ahead drops nothing
    before a batch was chained by it.
    """
    newest = SecurityBatch.objects.last()
    if newest is None:
        return 0
    before = min(now, newest.chained_at) - timedelta(days=settings.SECURITY_LOG_DAYS)
    expired_batches = SecurityBatch.objects.filter(chained_at__lt=before, dropped_at=None).exclude(
        pk=newest.pk
    )
    # Whatever the clock showed, the oldest go first and leave no gap.
    first_to_keep = SecurityBatch.objects.filter(chained_at__gte=before).order_by("number").first() or newest
    expired_batches = expired_batches.filter(number__lt=first_to_keep.number)
    if (last_number := streaming.last_number_sent()) is not None:
        expired_batches = expired_batches.filter(number__lte=last_number)
    batches = list(expired_batches)
    if not batches:
        return 0
    with heads.lock():
        _drop(batches, now)
        heads.drop_before(batches[-1].number)
    return len(batches)


@transaction.atomic
def _drop(batches: list[SecurityBatch], now: datetime) -> None:
    _lock_log()
    last = batches[-1]
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL {DROPPING} = 'on'")
    events, _ = SecurityEvent.objects.filter(batch__number__lte=last.number).delete()
    SecurityBatch.objects.filter(number__lt=last.number).delete()
    text = heads.checkpoint_text(last.number, bytes(last.head), now)
    SecurityBatch.objects.filter(pk=last.pk).update(dropped_at=now, signature=heads.sign(text))
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL {DROPPING} = 'off'")
    detail = {"batches": [batches[0].number, last.number], "events": events}
    record(SecurityEvent.Action.EVENTS_DROPPED, part="worker", detail=detail, counts_repeats=False, now=now)


def sign_anew() -> int:
    """Sign the heads outside and the checkpoint with the first signing key; returns how many heads there are."""
    with heads.lock():
        heads.sign_anew()
    for each in SecurityBatch.objects.exclude(dropped_at=None):
        text = heads.checkpoint_text(each.number, bytes(each.head), each.dropped_at or each.chained_at)
        if heads.is_signed(text, each.signature):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL {DROPPING} = 'on'")
                SecurityBatch.objects.filter(pk=each.pk).update(signature=heads.sign(text))
    return len(heads.read_heads().heads)


def _lock_log() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.web_securitybatch'))")
