"""Move batches from the inbox to samples: claim them, find their series, append, leave claims, delete: one transaction.

Any number of workers drain at once. They take locks in one order (batches by id, series by key, then counts by source),
so they may wait for each other but never deadlock.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import numpy as np
import psycopg
from django.db import DataError, IntegrityError, transaction

from inventory.models import SiteChange
from telemetry import clocks, counts, store
from telemetry.binary import binary_cursor
from telemetry.core.columns import CorruptBatch, SampleColumns, unpack
from telemetry.core.instants import instant, ms
from telemetry.core.replicas import are_of_replicas, numbers_of, series_of
from telemetry.models import InboxBatch, Source, SourceStatus
from telemetry.readings import SourceReadings, ends, newest, read
from telemetry.replicas.operations import ReplicaSeen, note_seen
from telemetry.series import Memory, resolve

log = logging.getLogger(__name__)

BATCHES = 100
# Size of a transaction: large enough to spread its cost, small enough to commit within a second.
SAMPLES = 200_000
# A batch with one of these errors fails every time, so it is set aside and the queue continues.
HOPELESS = (DataError, IntegrityError, ValueError, LookupError, ArithmeticError)

_CLAIM = """
SELECT id, samples FROM telemetry_inboxbatch WHERE failed_at IS NULL ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""
_FETCH = """
SELECT id, source_id, received_at, columns FROM telemetry_inboxbatch WHERE id = ANY(%s) ORDER BY id
"""
_SITES = """
INSERT INTO inventory_sitechange (site_id, origin)
SELECT id, %s::text FROM inventory_site WHERE id = ANY(%s) ORDER BY id
"""
_WINDOWS = """
INSERT INTO telemetry_dirtywindow (source_id, start) SELECT * FROM unnest(%s::bigint[], %s::timestamptz[])
"""
# Lock in order first, because the update itself locks rows in any order.
_LOCK = "SELECT id, ended_at FROM telemetry_series WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
_END = """
UPDATE telemetry_series series SET ended_at = ended.at FROM unnest(%s::bigint[], %s::timestamptz[]) AS ended (id, at)
WHERE series.id = ended.id AND series.ended_at IS DISTINCT FROM ended.at
"""
# The roll-up detects series that ended long ago and return.
_ENDED = """
SELECT id FROM telemetry_series WHERE source_id = ANY(%s) AND ended_at > %s::timestamptz - interval '1 day'
"""
# A time that only a clock set wrong can have given does not stay.
_SEEN = """
INSERT INTO telemetry_sourcestatus AS kept
    (source_id, state, state_since, match_revision, first_sample_at, last_sample_at, last_received_at)
SELECT source_id, 'waiting', first, 0, first, sampled, received
FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[])
    AS new (source_id, first, sampled, received)
ON CONFLICT (source_id) DO UPDATE SET first_sample_at = coalesce(kept.first_sample_at, excluded.first_sample_at),
    last_sample_at = CASE WHEN kept.last_sample_at > excluded.last_received_at + interval '1 day'
        THEN excluded.last_sample_at ELSE greatest(kept.last_sample_at, excluded.last_sample_at) END,
    last_received_at = CASE WHEN kept.last_received_at > excluded.last_received_at + interval '15 minutes'
        THEN excluded.last_received_at ELSE greatest(kept.last_received_at, excluded.last_received_at) END
"""

_memory = Memory()


@dataclass(frozen=True)
class Claimed:
    id: int
    source_id: int
    received_at: datetime
    columns: SampleColumns


def drain(*, now: datetime, budget_s: float = 20.0, limit: int = BATCHES, memory: Memory = _memory) -> int:
    started = perf_counter()
    total = 0
    while (elapsed := perf_counter() - started) < budget_s:
        done = drain_once(now=now + timedelta(seconds=elapsed), limit=limit, memory=memory)
        total += done
        if not done:
            break
    return total


def drain_once(
    *, now: datetime, limit: int = BATCHES, samples: int = SAMPLES, memory: Memory = _memory
) -> int:
    source_ids: set[int] = set()
    batch_ids: list[int] = []
    try:
        with transaction.atomic(), binary_cursor() as cursor:
            batch_ids = _claim(cursor, limit, samples)
            batches = _fetch(cursor, batch_ids, now)
            source_ids |= {batch.source_id for batch in batches}
            if batches:
                _store(cursor, batches, memory, now)
            cursor.execute(
                "DELETE FROM telemetry_inboxbatch WHERE id = ANY(%s) AND failed_at IS NULL", [batch_ids]
            )
    except HOPELESS as error:
        memory.forget(source_ids)
        if len(batch_ids) == 1:
            log.exception("batch %s is set aside", batch_ids[0])
            _set_aside(batch_ids[0], f"{type(error).__name__}: {error}", now)
            return 1
        if not batch_ids:
            raise
        # One of them is at fault: stored alone, each either passes or fails.
        return sum(drain_once(now=now, limit=1, memory=memory) for _ in batch_ids)
    except BaseException:
        memory.forget(source_ids)
        raise
    memory.trim()
    return len(batch_ids)


def _claim(cursor: psycopg.Cursor[Any], limit: int, most: int) -> list[int]:
    ids: list[int] = []
    total = 0
    for batch_id, samples in cursor.execute(_CLAIM, [limit]).fetchall():
        total += samples
        if ids and total > most:
            break
        ids.append(batch_id)
    return ids


def _fetch(cursor: psycopg.Cursor[Any], batch_ids: list[int], now: datetime) -> list[Claimed]:
    batches = []
    for batch_id, source_id, received_at, packed in cursor.execute(_FETCH, [batch_ids]).fetchall():
        try:
            batches.append(Claimed(batch_id, source_id, received_at, unpack(packed)))
        except CorruptBatch as error:
            _set_aside(batch_id, f"CorruptBatch: {error}", now)
    return batches


def _set_aside(batch_id: int, reason: str, now: datetime) -> None:
    InboxBatch.objects.filter(pk=batch_id).update(failed_at=now, failure=reason[:400])


def _store(cursor: psycopg.Cursor[Any], batches: Sequence[Claimed], memory: Memory, now: datetime) -> None:
    started = perf_counter()
    by_source: dict[int, list[Claimed]] = defaultdict(list)
    for batch in batches:
        by_source[batch.source_id].append(batch)
    sources = _sources(sorted(by_source))
    keys = {source_id: [batch.columns.keys for batch in by_source[source_id]] for source_id in sources}
    series_by_source = resolve(cursor, sources=sources, keys=keys, memory=memory, now=now)
    oldest_ms = ms(store.oldest_sample_kept(clocks.clock_standing(now).earliest_now))
    readings = {
        source_id: read(
            [batch.columns for batch in by_source[source_id]], series_by_source[source_id], oldest_ms
        )
        for source_id in sources
    }
    store.append(
        cursor,
        {
            source_id: store.SampleArrays(of_source.series_ids, of_source.ts_ms, of_source.values)
            for source_id, of_source in readings.items()
        },
        now=now,
    )
    _end_and_revive(cursor, readings, now)
    _leave_claims(cursor, readings)
    _count(cursor, by_source, readings, now, perf_counter() - started)
    note_seen(_replicas_seen(readings, now))


def _replicas_seen(readings: dict[int, SourceReadings], now: datetime) -> Iterator[ReplicaSeen]:
    for source_id, of_source in readings.items():
        if not are_of_replicas(of_source.series_ids):
            continue
        numbers = numbers_of(of_source.series_ids)
        for number in np.unique(numbers[numbers > 0]).tolist():
            newest_at = instant(int(of_source.ts_ms[numbers == number].max()))
            yield ReplicaSeen(source_id, number, newest_at, now)


def _sources(source_ids: list[int]) -> dict[int, Source]:
    rows = (
        Source.objects.filter(pk__in=source_ids)
        .select_related("status")
        .prefetch_related("unit_rules")
        .order_by("pk")
    )
    sources = {source.pk: source for source in rows}
    without = [source for source in sources.values() if not hasattr(source, "status")]
    for source in without:
        source.status = SourceStatus(source=source)
    return sources


def _end_and_revive(cursor: psycopg.Cursor[Any], readings: dict[int, SourceReadings], now: datetime) -> None:
    """A stale marker ends a series, and the next reading revives it. One of a replica does not, since others may go on:
    the roll-up looks at all of them."""
    ended_series = {
        series: at
        for of_source in readings.values()
        for series, at in ends(of_source).items()
        if series_of(series) == series
    }
    was_ended = [row[0] for row in cursor.execute(_ENDED, [list(readings), now]).fetchall()]
    alive = {
        series: at for of_source in readings.values() for series, at in newest(of_source, was_ended).items()
    }
    touched = sorted({*ended_series, *alive})
    if not touched:
        return
    revived = [
        series
        for series, ended_at in cursor.execute(_LOCK, [touched]).fetchall()
        if ended_at is not None and series not in ended_series and instant(alive[series]) > ended_at
    ]
    cursor.execute(_END, [list(ended_series), [instant(at) for at in ended_series.values()]])
    cursor.execute("UPDATE telemetry_series SET ended_at = NULL WHERE id = ANY(%s)", [revived])


def _leave_claims(cursor: psycopg.Cursor[Any], readings: dict[int, SourceReadings]) -> None:
    windows = [
        (source, instant(start)) for source, of_source in readings.items() for start in of_source.windows_ms
    ]
    cursor.execute(_WINDOWS, [[source for source, _ in windows], [start for _, start in windows]])
    sites = sorted({site for of_source in readings.values() for site in of_source.site_ids})
    cursor.execute(_SITES, [SiteChange.Origin.TELEMETRY.value, sites])


def _clock_skew_s(batch: Claimed) -> float:
    """How far the newest sample of a body was ahead of its receipt, s; no reading is needed for that."""
    return (int(batch.columns.ts_ms.max()) - ms(batch.received_at)) / 1000


def _count(
    cursor: psycopg.Cursor[Any],
    by_source: dict[int, list[Claimed]],
    readings: dict[int, SourceReadings],
    now: datetime,
    spent_s: float,
) -> None:
    refused, active, seen = [], [], []
    for source_id, of_source in readings.items():
        refused += counts.refusals(source_id, of_source.dropped, of_source.examples, now)
        rejected, ignored = counts.split(of_source.dropped)
        received = [batch.received_at for batch in by_source[source_id]]
        lag_s = max(0.0, (now - min(received)).total_seconds() + spent_s)
        start, stored = counts.activity_start(now), of_source.values_stored
        skew_s = max(map(_clock_skew_s, by_source[source_id]))
        active.append(
            counts.Activity(source_id, start, len(received), stored, rejected, ignored, lag_s, skew_s)
        )
        if len(of_source.ts_ms):
            seen.append((source_id, min(received), instant(int(of_source.ts_ms.max())), max(received)))
    counts.count(cursor, refused, active)
    counts.write_columns(cursor, _SEEN, seen)
