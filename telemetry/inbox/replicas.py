"""Which samples of replicas a drain stores, and which it holds until another replica has shown that it sends.

The rules are in telemetry.core.replicas; here they are applied to batches and to the replica that each series has.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from telemetry import store
from telemetry.core.columns import SampleColumns, pack, samples_where
from telemetry.core.instants import instant
from telemetry.core.labels import describe_key
from telemetry.core.replicas import NEVER, NO_REPLICA, SampleFate, fates, patience_of
from telemetry.inbox.claimed import ClaimedBatch
from telemetry.models import Source, SourceReplica
from telemetry.series import NEVER_MS, KnownSeries

MOST_REPLICAS = 50
"""Of one source. Those of pods that are gone are forgotten; what exceeds it even so is stored without comparison."""
FORGOTTEN_AFTER = timedelta(hours=1)
AHEAD = timedelta(minutes=15)
"""Only a clock set wrong can have heard a replica so late."""
LOOK_BACK = timedelta(minutes=30)
"""A replica that is silent has sent its last sample within this time, unless it was far behind."""

# Any number of drains work at once; those of one source's replicas wait for each other.
_TAKE_TURN = """
SELECT pg_advisory_xact_lock(%s::int # current_schema()::regnamespace::oid::int, source_id::int)
FROM unnest(%s::bigint[]) AS source_id
"""
_LOCK = 0x52504C  # "RPL"
_HEAR = """
INSERT INTO telemetry_sourcereplica AS stored (source_id, name, first_heard_at, last_heard_at)
SELECT source_id, name, at, at FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[]) AS heard (source_id, name, at)
ON CONFLICT (source_id, name) DO UPDATE SET last_heard_at = greatest(stored.last_heard_at, excluded.last_heard_at)
"""
# What a replica sent may wait behind the batch of another one.
_REPLICAS = """
SELECT source_id, name, id, greatest(last_heard_at, (
    SELECT max(received_at) FROM telemetry_inboxbatch AS batch
    WHERE batch.source_id = replica.source_id AND batch.replica = replica.name AND batch.failed_at IS NULL
))
FROM telemetry_sourcereplica AS replica WHERE source_id = ANY(%s)
"""
# Lock in order first, because the update itself locks rows in any order.
_CLAIM = """
UPDATE telemetry_series AS series SET replica_id = %s FROM (
    SELECT id FROM telemetry_series WHERE id = ANY(%s) AND replica_id IS NULL ORDER BY id FOR NO KEY UPDATE
) AS unowned WHERE series.id = unowned.id
"""
_OWNERS = "SELECT id, coalesce(replica_id, 0) FROM telemetry_series WHERE id = ANY(%s)"
_TAKE_OVER = """
UPDATE telemetry_series AS series SET replica_id = %s, replica_since = taken.since FROM (
    SELECT id, since FROM telemetry_series JOIN unnest(%s::bigint[], %s::timestamptz[]) AS later (series_id, since)
    ON series_id = id ORDER BY id FOR NO KEY UPDATE OF telemetry_series
) AS taken WHERE series.id = taken.id
"""
_HOLD = """
INSERT INTO telemetry_inboxbatch (source_id, received_at, samples, columns, replica, held_until, failure)
VALUES (%s, %s, %s, %s, %s, %s, '')
"""
_REVISE = "UPDATE telemetry_sourcestatus SET match_revision = match_revision + 1 WHERE source_id = ANY(%s)"


@dataclass
class ReplicaChoice:
    """Batches as a drain stores them. `repeated` counts samples by source that another replica had brought, and
    `examples` has one of each source's."""

    batches: list[ClaimedBatch] = field(default_factory=list)
    repeated: Counter[int] = field(default_factory=Counter)
    examples: dict[int, str] = field(default_factory=dict)
    moved_sources: set[int] = field(default_factory=set)

    def add(self, batch: ClaimedBatch, decided: NDArray[np.int8], since_ms: NDArray[np.int64]) -> None:
        """Add what is stored of a batch. Samples of a key count from its instant of `since_ms` on; earlier ones came
        from the replica before."""
        columns = batch.columns
        is_held = decided == SampleFate.HELD
        is_stored = (
            (decided != SampleFate.REPEATED) & ~is_held & (columns.ts_ms > since_ms[columns.series_index])
        )
        is_repeated = ~is_stored & ~is_held
        if count := int(np.count_nonzero(is_repeated)):
            self.repeated[batch.source_id] += count
            key = columns.keys[columns.series_index[int(np.argmax(is_repeated))]]
            self.examples[batch.source_id] = f"{describe_key(key)} from {batch.replica}"
        self.batches.append(replace(batch, columns=_part(columns, is_stored)))


def take_turn(cursor: psycopg.Cursor[Any], batches: Iterable[ClaimedBatch]) -> None:
    """Wait for other drains of the same replicas, before anything is read that they write."""
    source_ids = sorted({batch.source_id for batch in batches if batch.replica})
    if source_ids:
        cursor.execute(_TAKE_TURN, [_LOCK, source_ids])


def choose(
    cursor: psycopg.Cursor[Any],
    batches: Sequence[ClaimedBatch],
    *,
    sources: Mapping[int, Source],
    series_by_source: Mapping[int, KnownSeries],
    now: datetime,
) -> ReplicaChoice:
    """Decide on the samples of batches whose series are in `series_by_source`, and hold those that are undecided."""
    choice = ReplicaChoice()
    of_replicas = [batch for batch in batches if batch.replica]
    ids, heard_at = _hear(cursor, of_replicas, now) if of_replicas else ({}, {})
    for batch in batches:
        replica_id = ids.get((batch.source_id, batch.replica), NO_REPLICA)
        if replica_id == NO_REPLICA:
            choice.batches.append(batch)
            continue
        known_series = series_by_source[batch.source_id]
        places = known_series.places(batch.columns.keys)
        _claim_unowned(cursor, known_series, places, replica_id)
        decided, held_until = fates(
            known_series.columns["replica_id"][places][batch.columns.series_index],
            replica=replica_id,
            received_at=batch.received_at,
            heard_at=heard_at,
            patience=patience_of(sources[batch.source_id].cadence_s),
            now=now,
        )
        if held_until is not None:
            _hold(cursor, batch, decided == SampleFate.HELD, held_until)
        taken_keys = np.unique(batch.columns.series_index[decided == SampleFate.TAKEN_OVER])
        if len(taken_keys):
            _take_over(cursor, known_series, places[taken_keys], replica_id, batch, choice.batches)
            choice.moved_sources.add(batch.source_id)
        choice.add(batch, decided, known_series.columns["replica_since_ms"][places])
    return choice


def revise(cursor: psycopg.Cursor[Any], choice: ReplicaChoice) -> None:
    """Let other drains know that series have another replica. The last statement of a transaction about sources."""
    if choice.moved_sources:
        cursor.execute(_REVISE, [sorted(choice.moved_sources)])


def _hear(
    cursor: psycopg.Cursor[Any], batches: Sequence[ClaimedBatch], now: datetime
) -> tuple[dict[tuple[int, str], int], dict[int, datetime]]:
    """The ids of replicas, and when each was last heard."""
    newest: dict[tuple[int, str], datetime] = {}
    for batch in batches:
        replica = batch.source_id, batch.replica
        newest[replica] = max(batch.received_at, newest.get(replica, NEVER))
    source_ids = sorted({source_id for source_id, _ in newest})
    before = {row[:2] for row in cursor.execute(_REPLICAS, [source_ids]).fetchall()}
    for source_id in source_ids:
        _make_room(source_id, before, newest, now)
    rows = [(*replica, newest[replica]) for replica in sorted(newest)]
    if rows:
        cursor.execute(_HEAR, [list(column) for column in zip(*rows, strict=True)])
    ids: dict[tuple[int, str], int] = {}
    heard_at: dict[int, datetime] = {}
    for source_id, name, replica_id, last_heard_at in cursor.execute(_REPLICAS, [source_ids]).fetchall():
        ids[source_id, name] = replica_id
        heard_at[replica_id] = last_heard_at if last_heard_at <= now + AHEAD else NEVER
    return ids, heard_at


def _make_room(
    source_id: int, stored: set[tuple[int, str]], newest: dict[tuple[int, str], datetime], now: datetime
) -> None:
    """Forget replicas that are gone where new ones would exceed the bound, and leave out what exceeds it even so."""
    new = sorted(replica for replica in newest if replica[0] == source_id and replica not in stored)
    total = sum(each == source_id for each, _ in stored)
    if total + len(new) <= MOST_REPLICAS:
        return
    gone = SourceReplica.objects.filter(source=source_id, last_heard_at__lt=now - FORGOTTEN_AFTER)
    forgotten = list(gone.values_list("pk", flat=True))
    SourceReplica.objects.filter(pk__in=forgotten).delete()
    for replica in new[max(0, MOST_REPLICAS - total + len(forgotten)) :]:
        del newest[replica]


def _claim_unowned(
    cursor: psycopg.Cursor[Any], known_series: KnownSeries, places: NDArray[np.int32], replica_id: int
) -> None:
    columns = known_series.columns
    unowned = places[columns["replica_id"][places] == NO_REPLICA]
    if not len(unowned):
        return
    series_ids = np.ascontiguousarray(columns["series_id"][unowned])
    cursor.execute(_CLAIM, [replica_id, series_ids])
    # Another process may have claimed one that this one knew without a replica.
    owners = dict(cursor.execute(_OWNERS, [series_ids]).fetchall())
    columns["replica_id"][unowned] = [owners.get(series_id, NO_REPLICA) for series_id in series_ids.tolist()]


def _hold(
    cursor: psycopg.Cursor[Any], batch: ClaimedBatch, is_held: NDArray[np.bool_], held_until: datetime
) -> None:
    columns = _part(batch.columns, is_held)
    cursor.execute(
        _HOLD,
        [batch.source_id, batch.received_at, columns.samples, pack(columns), batch.replica, held_until],
    )


def _take_over(
    cursor: psycopg.Cursor[Any],
    known_series: KnownSeries,
    places: NDArray[np.int32],
    replica_id: int,
    batch: ClaimedBatch,
    earlier_batches: Iterable[ClaimedBatch],
) -> None:
    """Give series to another replica, behind the newest sample that is stored of each, or is about to be."""
    series_ids = np.ascontiguousarray(known_series.columns["series_id"][places])
    first, last = (instant(int(extreme(batch.columns.ts_ms))) for extreme in (np.min, np.max))
    stored = store.samples(series_ids, after=first - LOOK_BACK, until=last + LOOK_BACK)
    samples = [(stored.series, stored.ts_ms)]
    for earlier in earlier_batches:
        if earlier.source_id == batch.source_id:
            slots = known_series.slot_columns(earlier.columns.keys)[earlier.columns.series_index]
            samples.append((slots["series_id"], earlier.columns.ts_ms))
    newest_ms = dict.fromkeys(series_ids.tolist(), NEVER_MS)
    for ids, times in samples:
        for series_id, ts_ms in zip(ids.tolist(), times.tolist(), strict=True):
            if ts_ms > newest_ms.get(series_id, ts_ms):
                newest_ms[series_id] = ts_ms
    since_ms = list(newest_ms.values())
    since = [None if each == NEVER_MS else instant(each) for each in since_ms]
    cursor.execute(_TAKE_OVER, [replica_id, series_ids, since])
    known_series.columns["replica_id"][places] = replica_id
    known_series.columns["replica_since_ms"][places] = since_ms


def _part(columns: SampleColumns, is_in: NDArray[np.bool_]) -> SampleColumns:
    return columns if is_in.all() else samples_where(columns, is_in)
