"""Batches that could not be stored: try one again when its cause is gone, or give its samples up for good.

Either way a row says who decided so, and about what.
"""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from telemetry import tasks
from telemetry.models import BatchDecision, InboxBatch


class NotSetAside(LookupError):
    """There is no such batch, or somebody decided about it already."""


@transaction.atomic
def retry_batch(batch_id: int, *, by: User | None, now: datetime) -> None:
    batch = _decide(batch_id, BatchDecision.Decision.RETRIED, by=by, now=now)
    batch.failed_at, batch.failure = None, ""
    batch.save(update_fields=["failed_at", "failure"])
    transaction.on_commit(tasks.wake_drain, robust=True)


@transaction.atomic
def discard_batch(batch_id: int, *, by: User | None, now: datetime) -> None:
    _decide(batch_id, BatchDecision.Decision.DISCARDED, by=by, now=now).delete()


def _decide(batch_id: int, decision: str, *, by: User | None, now: datetime) -> InboxBatch:
    batch = InboxBatch.objects.set_aside().select_for_update().filter(pk=batch_id).first()
    if batch is None:
        raise NotSetAside(batch_id)
    BatchDecision.objects.create(
        source_id=batch.source_id,
        decision=decision,
        received_at=batch.received_at,
        samples=batch.samples,
        failure=batch.failure,
        decided_at=now,
        decided_by=by,
    )
    return batch
