"""The entry point for samples: an accepted body is a row of packed columns, committed before the sender gets an answer.

Wire formats are elsewhere (formats/), and so is the further processing (drain).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Sum

from telemetry import clocks, counts, store, tasks
from telemetry.binary import binary_cursor
from telemetry.core.columns import SampleColumns, TakenTimes, pack
from telemetry.core.instants import ms
from telemetry.core.labels import SENT_BEFORE
from telemetry.intake import StoredBytes
from telemetry.models import InboxBatch, Source

FULLNESS_LOOKED_AT = timedelta(seconds=1)

# The digest and the batch are one statement, and so one commit: both exist or neither.
_STORE = """
WITH body AS (
    INSERT INTO telemetry_bodydigest (source_id, digest, received_at) VALUES (%(source)s, %(digest)s, %(now)s)
    ON CONFLICT (source_id, digest) DO NOTHING RETURNING source_id
)
INSERT INTO telemetry_inboxbatch (source_id, received_at, samples, columns, failure)
SELECT source_id, %(now)s, %(samples)s, %(columns)s, '' FROM body RETURNING id
"""


@dataclass(frozen=True)
class Receipt:
    """The number of stored samples. A duplicate is a body that was stored before and counts for nothing."""

    batch_id: int | None
    samples: int
    duplicate: bool = False


def window(now: datetime) -> TakenTimes:
    """A clock that is wrong refuses nothing: what goes on where the newest samples ended is taken as well."""
    standing = clocks.watched_standing(now)
    oldest = standing.earliest_now - timedelta(hours=settings.TELEMETRY_RAW_HOURS)
    return TakenTimes(ms(standing.latest_now), ms(oldest), settings.TELEMETRY_FUTURE_S * 1000)


def accept(*, source: Source, columns: SampleColumns, now: datetime, body: bytes | None = None) -> Receipt:
    """Store the decoded samples and count the refused ones in one transaction, then wake a worker. `body` is the raw
    body, if a retry sends exactly the same. Without samples nothing is stored."""
    # Samples that arrive before they were taken would look old as soon as the clock is right.
    now = max(now, clocks.watched_standing(now).trusted_now)
    if columns.rejected.total:
        with transaction.atomic():
            # What is refused now may be taken later, when a limit or the clock has gone on: a body that was taken in
            # part is known again by the part that was taken.
            receipt = _store(source, columns, now, None)
            if not receipt.duplicate:
                refuse(
                    source=source,
                    refused=columns.rejected.counts,
                    examples=columns.rejected.examples,
                    now=now,
                )
    else:
        receipt = _store(source, columns, now, body)
    if receipt.duplicate:
        refuse(source=source, refused={SENT_BEFORE: receipt.samples}, examples={}, now=now)
    if receipt.batch_id is not None:
        # If Redis fails, the samples are safe, and the next tick of beat drains them.
        transaction.on_commit(tasks.wake_drain, robust=True)
    return receipt


def refuse(*, source: Source, refused: Mapping[str, int], examples: Mapping[str, str], now: datetime) -> None:
    rows = counts.refusals(source.pk, refused, examples, now)
    active = counts.Activity(source.pk, counts.activity_start(now), 0, 0, *counts.split(refused), 0.0)
    with transaction.atomic(), binary_cursor() as cursor:
        counts.count(cursor, rows, [active])


class Fullness:
    """Whether no more samples are taken, since the inbox is full, by batches or bytes, or too many samples wait for the
    remote storage. Checked once a second, not for every body; `reason` is what a sender is told."""

    reason = "the inbox is full"

    def __init__(self) -> None:
        self._looked_at = datetime.min.replace(tzinfo=UTC)
        self._full = False

    def __call__(self, now: datetime) -> bool:
        if abs(now - self._looked_at) >= FULLNESS_LOOKED_AT:
            waiting = InboxBatch.objects.waiting().order_by()[: settings.TELEMETRY_INBOX_BATCHES]
            backlog = waiting.aggregate(batches=Count("pk"), size_bytes=Sum(StoredBytes("columns")))
            self._full = (
                backlog["batches"] >= settings.TELEMETRY_INBOX_BATCHES
                or (backlog["size_bytes"] or 0) >= settings.TELEMETRY_INBOX_BYTES
            )
            self.reason = Fullness.reason
            if not self._full and store.is_full():
                self._full, self.reason = True, "samples wait for the remote storage"
            self._looked_at = now
        return self._full

    def just_seen(self, now: datetime) -> bool:
        return self._full and abs(now - self._looked_at) < FULLNESS_LOOKED_AT


inbox_is_full = Fullness()


def _store(source: Source, columns: SampleColumns, now: datetime, body: bytes | None) -> Receipt:
    if not columns.samples:
        return Receipt(None, 0)
    packed = pack(columns)
    values = {
        "source": source.pk,
        "digest": blake2b(packed if body is None else body, digest_size=16).digest(),
        "now": now,
        "samples": columns.samples,
        "columns": packed,
    }
    with binary_cursor() as cursor:
        row = cursor.execute(_STORE, values).fetchone()
    return Receipt(row[0], columns.samples) if row else Receipt(None, columns.samples, duplicate=True)
