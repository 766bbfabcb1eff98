"""Forwards hot samples to a remote storage, where the setting names one: packing, with the storage in place of blocks.

The open table is sealed every few minutes and forwarded at once, the oldest first, so each series arrives in order. It
stays for an hour, so that most reads need no storage, and is dropped after some of its series were read back. What the
storage refuses, or takes twice and does not give back, becomes blocks. While it is away, tables wait, and are sealed as
seldom as those that are packed.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import psycopg
from django.conf import settings

from telemetry.binary import binary_cursor, fetched
from telemetry.core.instants import EPOCH, instant, ms
from telemetry.core.remote_storage import RemoteStorage
from telemetry.core.replicas import series_of
from telemetry.store import blocks, hot, packing, partitions
from telemetry.store.blocks import ONE_DAY, PACKED, SampleArrays
from telemetry.store.hot import HotTable
from telemetry.store.remote.connection import RemoteStorageUnavailable
from telemetry.store.remote.reading import StorageRead
from telemetry.store.remote.writing import LONGEST_S, send

log = logging.getLogger(__name__)

FORWARDED_EVERY = timedelta(minutes=5)
# Series of a table that are read back before it is dropped.
READ_BACK = 20
# A table that was sent so often and not given back whole becomes blocks: to send it again would mend nothing.
SENT_AT_MOST = 2

_REFUSED = "UPDATE telemetry_hottable SET refused = refused + %s, refusal = %s WHERE id = %s"
_FORWARDED = "UPDATE telemetry_hottable SET forwarded_at = %s, failure = '' WHERE id = %s"
_FAILED = """
UPDATE telemetry_hottable SET failure = %s WHERE id = (
    SELECT id FROM telemetry_hottable WHERE sealed_at IS NOT NULL AND packed_at IS NULL
    ORDER BY forwarded_at IS NOT NULL, opened_at, id LIMIT 1
)
"""
# A table that is sent again was taken once: its age says nothing about how long samples wait.
_WAITING = """
SELECT min(opened_at) FILTER (WHERE forwarded_at IS NULL AND missed_reads = 0),
    coalesce(sum(pg_table_size(to_regclass('telemetry_samplebatch_' || id))), 0)::bigint,
    coalesce((array_agg(failure ORDER BY opened_at, id) FILTER (WHERE failure <> ''))[1], '')
FROM telemetry_hottable WHERE packed_at IS NULL
"""
_NOT_GIVEN_BACK = "it took them twice, and gave not all of them back"
_EXISTING = "SELECT coalesce(array_agg(id), '{}') FROM telemetry_series WHERE id = ANY(%s)"
_IN_BLOCKS = f"""
SELECT {PACKED} FROM telemetry_block WHERE series_id = ANY(%s) AND start > %s AND start <= %s AND finish >= %s
"""
_REFUSALS = """
SELECT coalesce(sum(refused), 0)::bigint,
    coalesce((array_agg(refusal ORDER BY id DESC) FILTER (WHERE refused > 0))[1], '')
FROM telemetry_hottable WHERE forwarded_at > %s
"""


class WaitingSamples(NamedTuple):
    """Hot samples: since when some wait to be forwarded, the bytes of all, and what failed last, "" if nothing did."""

    since: datetime | None
    size_bytes: int
    failure: str


class RefusedSamples(NamedTuple):
    samples: int
    reason: str


@dataclass(frozen=True, slots=True)
class _Forwarder:
    storage: RemoteStorage
    longest_s: float

    def keep(self, cursor: psycopg.Cursor[Any], table: HotTable, samples: SampleArrays) -> packing.KeptPart:
        if table.missed_reads >= SENT_AT_MOST:
            cursor.execute(_REFUSED, [len(samples.series), _NOT_GIVEN_BACK, table.id])
            return packing.KeptPart(samples)
        result = send(self.storage, samples, longest_s=self.longest_s)
        if result.refused:
            log.warning(
                "%s refuses %d samples, which become blocks: %s",
                self.storage.host,
                result.refused,
                result.refusal,
            )
            cursor.execute(_REFUSED, [result.refused, result.refusal, table.id])
        return packing.KeptPart(result.remaining, result.sent_through)

    def may_drop(self, cursor: psycopg.Cursor[Any], table: HotTable, now: datetime) -> bool:
        """Say whether a table, all of whose samples were sent, may go: not before some of them were read back."""
        if table.forwarded_at is None:
            cursor.execute(_FORWARDED, [now, table.id])
            return table.missed_reads >= SENT_AT_MOST
        missing_count = self._missing_samples(cursor, table, now)
        if not missing_count:
            return True
        missed_reads = table.missed_reads + 1
        log.error(
            "%s took samples, and does not give back %d of some series: the table %s",
            self.storage.host,
            missing_count,
            "is sent again" if missed_reads < SENT_AT_MOST else "becomes blocks",
        )
        hot.begin_again(cursor, table, missed_reads=missed_reads)
        return False

    def _missing_samples(self, cursor: psycopg.Cursor[Any], table: HotTable, now: datetime) -> int:
        """How many samples of some series of a table neither the storage gives back nor blocks have."""
        samples = packing.samples_of_some(cursor, table, most_series=READ_BACK)
        # The storage may have dropped what is past its time.
        oldest = ms(partitions.oldest_sample_kept(now))
        samples = samples.where((samples.ts_ms >= oldest) & ~np.isnan(samples.value))
        # Nobody asks for those of a series that is gone, and they are not sent.
        existing_ids = fetched(_EXISTING, [np.unique(series_of(samples.series))])[0][0]
        sent_samples = samples.where(np.isin(series_of(samples.series), existing_ids))
        if not len(sent_samples.series):
            return 0
        series = np.unique(sent_samples.series)
        first_ms, last_ms = int(sent_samples.ts_ms.min()), int(sent_samples.ts_ms.max())
        stored_samples = StorageRead(self.storage).samples_of_series(series, first_ms - 1, last_ms)
        rows = fetched(_IN_BLOCKS, [series, instant(first_ms) - ONE_DAY, instant(last_ms), instant(first_ms)])
        return len(
            _places(sent_samples) - _places(stored_samples) - _places(blocks.unpacked(rows[0]).samples)
        )


def forward_due(
    storage: RemoteStorage,
    *,
    now: datetime,
    budget_s: float = packing.BUDGET_S,
    longest_s: float = LONGEST_S,
) -> int:
    """Returns how many samples were forwarded, with those that the storage refused. One part takes about `longest_s` at
    most."""
    forwarder = _Forwarder(storage, longest_s)
    do_wait = any(table.sealed_at and not table.forwarded_at for table in hot.hot_tables())
    target = packing.PackingTarget(
        open_for=hot.OPEN_FOR if do_wait else FORWARDED_EVERY,
        sealed_for=timedelta(0),
        keep=forwarder.keep,
        may_drop=forwarder.may_drop,
    )
    try:
        return packing.pack_due(now=now, oldest=EPOCH, budget_s=budget_s, target=target)
    except RemoteStorageUnavailable as error:
        log.warning("samples wait for the remote storage: %s", error)
        with binary_cursor() as cursor:
            cursor.execute(_FAILED, [str(error)])
        return 0


def _places(samples: SampleArrays) -> set[tuple[int, int]]:
    return {*zip(samples.series.tolist(), samples.ts_ms.tolist(), strict=True)}


def waiting_samples() -> WaitingSamples:
    return WaitingSamples(*fetched(_WAITING, None)[0])


def is_full() -> bool:
    """Whether there are so many hot samples that senders must wait for the remote storage."""
    if settings.TELEMETRY_STORE is None:
        return False
    return waiting_samples().size_bytes >= settings.TELEMETRY_STORE_WAITING_BYTES


def refused_samples(*, since: datetime) -> RefusedSamples:
    """The samples that became blocks since an instant, because the remote storage refused them or did not give them
    back, and the newest reason."""
    return RefusedSamples(*fetched(_REFUSALS, [since])[0])
