"""Events and batches as they are stored, and what contradicts them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from django.db.models import Max, QuerySet

from web.security_log import heads
from web.security_log.core.chain import EventContent
from web.security_log.core.verifying import (
    ChainedBatch,
    ChainedEvent,
    ChainFault,
    ChainFaultKind,
    Checkpoint,
    Erasures,
    batch_faults,
    chain_start,
    event_faults,
    fold_faults,
    head_faults,
    line_faults,
    order_faults,
    stray_faults,
)
from web.security_log.models import SecurityBatch, SecurityEvent


def leading_events() -> QuerySet[SecurityEvent]:
    """Events without those that are alike to an earlier one of the same request or command."""
    return events().filter(lead=None)


def events() -> QuerySet[SecurityEvent]:
    return SecurityEvent.objects.select_related("actor", "account", "batch")


def content_of(event: SecurityEvent) -> EventContent:
    return EventContent(
        id=event.pk,
        at=event.at,
        last_at=event.last_at,
        times=event.times,
        action=event.action,
        actor_id=event.actor_id,
        part=event.part,
        token=event.token,
        account_id=event.account_id,
        address_proof=event.address_proof,
        place=event.place,
        detail=event.detail,
        request_id=event.request_id,
    )


def batch_of(stored: SecurityBatch) -> ChainedBatch:
    return ChainedBatch(
        stored.number, stored.chained_at, stored.events, bytes(stored.digest), bytes(stored.head)
    )


def chained_events(stored: SecurityBatch) -> list[ChainedEvent]:
    return [
        ChainedEvent(content_of(event), bytes(event.digest or b""), event.address, event.salt, event.lead_id)
        for event in SecurityEvent.objects.filter(batch=stored).order_by("pk")
    ]


def checkpoint() -> Checkpoint | None:
    stored = SecurityBatch.objects.exclude(dropped_at=None).last()
    if stored is None or stored.dropped_at is None:
        return None
    text = heads.checkpoint_text(stored.number, bytes(stored.head), stored.dropped_at)
    return Checkpoint(batch_of(stored), stored.dropped_at, heads.is_signed(text, stored.signature))


def erasures() -> Erasures:
    erasure_events = SecurityEvent.objects.filter(action=SecurityEvent.Action.ADDRESSES_ERASED).order_by()
    return Erasures(dict(erasure_events.values_list("account").annotate(last=Max("pk"))))


def log_faults(copy: Path | None = None) -> list[ChainFault]:
    """Every contradiction between events, batches, the heads outside, and a copy of these; one batch at a time is in
    memory. The copy may end before the log does, and its signatures may be of former keys.

    Raises HeadsUnreadable for a copy without any head, and OSError for one that is not there.
    """
    with heads.lock(makes_folder=False):
        start, file_heads = checkpoint(), heads.read_heads()
        stored_batches = list(SecurityBatch.objects.filter(dropped_at=None))
    batches = [batch_of(stored) for stored in stored_batches]
    faults = [
        *order_faults(batches, start),
        *stray_faults(_stray_events(), start),
        *_faults_by_batch(stored_batches, start),
        *line_faults(file_heads.unreadable_lines),
    ]
    if copy is None:
        seen_heads = head_faults(batches, start, file_heads.heads) if heads.is_here() else [_no_heads_here()]
        return [*faults, *seen_heads]
    copy_heads = heads.read_heads(copy)
    if not copy_heads.heads:
        raise heads.HeadsUnreadable(f"{copy} holds no head of the security log.")
    copied_heads = [replace(head, is_signed=True) for head in copy_heads.heads]
    faults += line_faults(copy_heads.unreadable_lines)
    faults += (
        fault for fault in head_faults(batches, start, copied_heads) if fault.kind != ChainFaultKind.UNPROVEN
    )
    if heads.is_here():
        faults += head_faults(batches, start, file_heads.heads)
    return list(dict.fromkeys(faults))


def _no_heads_here() -> ChainFault:
    where = (
        f"the folder {heads.path().parent} is not on this machine"
        if heads.has_folder()
        else "no folder is set"
    )
    sentence = (
        f"The heads that are kept outside cannot be read here: {where} (MUSTER_SECURITY_LOG_DIR). Run this where the"
        " folder is, or give a copy with --heads."
    )
    return ChainFault(ChainFaultKind.UNPROVEN, 0, sentence)


def _stray_events() -> QuerySet[SecurityEvent, int]:
    """Ids of events whose batch is not one that is verified, in one statement: the retention drops both at once."""
    verified_batches = SecurityBatch.objects.filter(dropped_at=None)
    chained_events = SecurityEvent.objects.exclude(batch=None).order_by("pk")
    return chained_events.exclude(batch__in=verified_batches).values_list("pk", flat=True)


def _faults_by_batch(stored_batches: list[SecurityBatch], start: Checkpoint | None) -> Iterator[ChainFault]:
    recorded_erasures, previous = erasures(), chain_start(start)
    for stored in stored_batches:
        batch, rows = batch_of(stored), chained_events(stored)
        event_contradictions = list(event_faults(batch.number, rows, recorded_erasures))
        if event_contradictions:
            # Somebody may have been erased since.
            recorded_erasures = erasures()
            event_contradictions = list(event_faults(batch.number, rows, recorded_erasures))
        # The retention may have dropped it since.
        if rows or SecurityBatch.objects.filter(pk=stored.pk, dropped_at=None).exists():
            yield from event_contradictions
            yield from fold_faults(batch.number, rows)
            yield from batch_faults(batch, [row.digest for row in rows], previous)
        previous = batch.head
