"""Batches that leave Muster have their events in order, and their head as the file of heads has it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from web.security_log import heads
from web.security_log.core.chain import instant_text
from web.security_log.models import SecurityBatch, SecurityEvent
from web.security_log.queries import batch_of


@dataclass(frozen=True, slots=True)
class OutgoingBatch:
    batch: SecurityBatch
    events: Sequence[SecurityEvent]

    @property
    def head_line(self) -> str:
        """The head as JSON in ASCII."""
        return heads.head_line(batch_of(self.batch))


def read_outgoing(batches: Sequence[SecurityBatch]) -> list[OutgoingBatch]:
    """Read the events of all batches by one statement."""
    events_by_batch = defaultdict[int | None, list[SecurityEvent]](list)
    for event in SecurityEvent.objects.filter(batch__in=batches).order_by("pk"):
        events_by_batch[event.batch_id].append(event)
    return [OutgoingBatch(batch, events_by_batch[batch.pk]) for batch in batches]


def event_values(event: SecurityEvent, batch: SecurityBatch) -> dict[str, object]:
    """Accounts are ids, as in the chain: what has left Muster cannot be erased. After a restore ids and numbers begin
    again, and the digest tells events of one id apart."""
    return {
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
