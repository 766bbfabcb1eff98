"""Packs what is in sealed hot tables into blocks, a part of the series at a time, each part in one transaction.

Whatever ends a part half way, the next run begins it again: its samples are still hot, and packing a sample twice
changes nothing. A hot table is dropped when all its rows are in blocks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import psycopg
from django.db import transaction
from numpy.typing import NDArray

from telemetry.binary import binary_cursor
from telemetry.core.batches import unpack_batch
from telemetry.core.blocks import DAY_MS, MOST_SAMPLES, SampleBlock, distinct, pack
from telemetry.core.instants import instant, ms
from telemetry.store import blocks, hot, partitions
from telemetry.store.blocks import PACKED, SampleArrays, joined, take_turn
from telemetry.store.hot import HotTable

# What verdicts and roll-ups read all the time stays in batches: they read no block for it.
HOT_FOR = timedelta(hours=1)
# Samples of one transaction, which takes about two seconds and 80 MB.
SAMPLES = 500_000
# Samples of hot batches that are unpacked together while those of some series are looked for.
UNPACKED = 1_000_000
# A run takes at most this long, and runs begin every minute: a quarter of a core, with its share in the database.
BUDGET_S = 15.0

_PLACES = "SELECT ctid::text, samples FROM {table} ORDER BY ctid"
_BATCHES = "SELECT packed FROM {table} WHERE ctid = ANY(%s::text[]::tid[])"
# A few of a day's blocks: those that end after the first new sample, and the one before that if it is not full.
_TOUCHED = f"""
SELECT {PACKED} FROM unnest(%(series)s::bigint[], %(firsts)s::timestamptz[]) AS added (id, first_at)
CROSS JOIN LATERAL (
    SELECT * FROM {blocks.TABLE} WHERE series_id = added.id AND start >= %(day)s AND start < %(next)s
        AND (finish >= added.first_at OR samples < {MOST_SAMPLES} AND octet_length(times) + octet_length(packed) < 1500
            AND start = (
                SELECT max(start) FROM {blocks.TABLE} earlier WHERE earlier.series_id = added.id
                AND earlier.start >= %(day)s AND earlier.start < added.first_at
            ))
    OFFSET 0
) touched
"""


class KeptPart(NamedTuple):
    """The samples of a part that become blocks, and the last series up to which the target stored the others, None if
    it stored all."""

    for_blocks: SampleArrays
    through: int | None = None


def _keep_in_blocks(cursor: psycopg.Cursor[Any], table: HotTable, samples: SampleArrays) -> KeptPart:
    return KeptPart(samples)


def _is_in_blocks(cursor: psycopg.Cursor[Any], table: HotTable, now: datetime) -> bool:
    """Has a table that was forwarded, before the setting changed, packed from its beginning."""
    if table.forwarded_at is not None:
        hot.begin_again(cursor, table)
    return table.forwarded_at is None


@dataclass(frozen=True, slots=True)
class PackingTarget:
    """Where samples of hot tables go, and when: into blocks, an hour after their table was sealed. Another target
    stores them by `keep`, which may store fewer series and then goes on in the next run, and says by `may_drop` of a
    table whose samples it has that the table may go."""

    open_for: timedelta = hot.OPEN_FOR
    sealed_for: timedelta = HOT_FOR
    keep: Callable[[psycopg.Cursor[Any], HotTable, SampleArrays], KeptPart] = _keep_in_blocks
    may_drop: Callable[[psycopg.Cursor[Any], HotTable, datetime], bool] = _is_in_blocks

    def is_due(self, table: HotTable, now: datetime) -> bool:
        sealed_for = HOT_FOR if table.forwarded_at else self.sealed_for
        return table.sealed_at is not None and table.is_older(sealed_for, now=now)


BLOCKS = PackingTarget()


def pack_due(
    *, now: datetime, oldest: datetime, budget_s: float = BUDGET_S, target: PackingTarget = BLOCKS
) -> int:
    """Seal the hot table if it is due, and pack those that were sealed long enough ago. Samples before `oldest` are
    past their time and left out. Returns how many samples were packed. Raises DamagedBatch."""
    started = perf_counter()
    hot.seal_due(now=now, open_for=target.open_for)
    samples = 0
    # What waits to be forwarded goes before what waits to be dropped, which may fail for another reason.
    for table in sorted(hot.hot_tables(), key=lambda table: table.forwarded_at is not None):
        if not target.is_due(table, now):
            continue
        ends: list[int] = []
        while (packed := _pack_some(table.id, ends, oldest, now, target)) is not None:
            samples += packed
            if perf_counter() - started > budget_s:
                return samples
    return samples


def _ends_of_parts(cursor: psycopg.Cursor[Any], table: HotTable) -> list[int]:
    """The last series of each part of a sealed table that is packed in one transaction."""
    counted = [np.unique(part.series, return_counts=True) for part in _unpacked(cursor, table)]
    if not counted:
        return []
    series, places = np.unique(np.concatenate([series for series, _ in counted]), return_inverse=True)
    samples = np.bincount(places, np.concatenate([counts for _, counts in counted])).cumsum()
    parts = (samples - 1) // SAMPLES
    return series[np.flatnonzero(np.append(parts[1:] != parts[:-1], True))].tolist()


def _unpacked(
    cursor: psycopg.Cursor[Any], table: HotTable, above: int = 0, up_to: int | None = None
) -> Iterator[SampleArrays]:
    """The samples of these series, all of them by default, some batches at a time."""
    places = cursor.execute(_PLACES.format(table=table.name)).fetchall()
    samples = np.cumsum([count for _, count in places])
    for part in np.split(np.arange(len(places)), np.flatnonzero(np.diff(samples // UNPACKED)) + 1):
        batches = cursor.execute(_BATCHES.format(table=table.name), [[places[place][0] for place in part]])
        for (packed,) in batches.fetchall():
            of_batch = SampleArrays(*unpack_batch(packed))
            is_match = of_batch.series > above
            if up_to is not None:
                is_match &= of_batch.series <= up_to
            yield of_batch.where(is_match)


def samples_of_some(cursor: psycopg.Cursor[Any], table: HotTable, *, most_series: int) -> SampleArrays:
    """The samples of some series of a table, spread over all. Few samples of a large table are in memory at once."""
    series = np.unique(
        np.concatenate(
            [blocks.NO_SAMPLES.series, *(np.unique(part.series) for part in _unpacked(cursor, table))]
        )
    )
    some_series = series[:: -(-len(series) // most_series) or 1]
    parts = (part.where(np.isin(part.series, some_series)) for part in _unpacked(cursor, table))
    return joined((blocks.NO_SAMPLES, *parts))


def _pack_some(
    table_id: int, ends: list[int], oldest: datetime, now: datetime, target: PackingTarget
) -> int | None:
    """Pack the next series of a table, up to one of `ends`, which are found out if there are none; None when nothing is
    left to do in it now."""
    with transaction.atomic(), binary_cursor() as cursor:
        if not take_turn(wait=False):
            return None
        # Read only now: another worker may have packed more of it.
        table = next((each for each in hot.hot_tables() if each.id == table_id), None)
        if table is None:
            return None
        if table.forwarded_at:
            if target.may_drop(cursor, table, now):
                hot.drop(table, now=now)
            return None
        # Statistics of a table that was just written, or of one column of five, mislead the planner.
        cursor.execute("SET LOCAL enable_hashjoin = off")
        cursor.execute("SET LOCAL enable_mergejoin = off")
        if not ends:
            ends += _ends_of_parts(cursor, table)
        for last in ends:
            if last > table.packed_through:
                return _pack_series(cursor, table, last, oldest, now, target)
        if target.may_drop(cursor, table, now):
            hot.drop(table, now=now)
    return None


def _pack_series(
    cursor: psycopg.Cursor[Any],
    table: HotTable,
    last: int,
    oldest: datetime,
    now: datetime,
    target: PackingTarget,
) -> int:
    # They may have been deleted meanwhile, because they are past their time.
    samples = joined((blocks.NO_SAMPLES, *_unpacked(cursor, table, table.packed_through, last)))
    part = target.keep(cursor, table, SampleArrays(*distinct(*samples.where(samples.ts_ms >= ms(oldest)))))
    days = part.for_blocks.ts_ms // DAY_MS
    for day in np.unique(days).tolist():
        _merge(cursor, day, part.for_blocks.where(days == day), now)
    through = last if part.through is None else part.through
    packed = int((samples.series <= through).sum())
    cursor.execute(
        "UPDATE telemetry_hottable SET packed_through = %s, samples_packed = samples_packed + %s WHERE id = %s",
        [through, packed, table.id],
    )
    return packed


def _merge(cursor: psycopg.Cursor[Any], day: int, added: SampleArrays, now: datetime) -> None:
    """Put samples of one day, in order and distinct, into its blocks."""
    start = instant(day * DAY_MS)
    partitions.ensure(partitions.BLOCKS, [start])
    begins = _begins(added.series)
    firsts = [instant(at_ms) for at_ms in added.ts_ms[begins].tolist()]
    values = {
        "series": added.series[begins],
        "firsts": firsts,
        "day": start,
        "next": instant((day + 1) * DAY_MS),
    }
    stored = blocks.unpacked(cursor.execute(_TOUCHED, values).fetchone() or ())
    blocks.set_aside(stored.damaged, now=now)
    blocks.delete(stored.keys)
    blocks.write(cursor, _packed(SampleArrays(*distinct(*joined((stored.samples, added))))))


def _packed(samples: SampleArrays) -> Iterator[tuple[int, SampleBlock]]:
    begins = _begins(samples.series)
    ends = np.append(begins[1:], len(samples.series))
    series = samples.series[begins].tolist()
    for series_id, begin, end in zip(series, begins.tolist(), ends.tolist(), strict=True):
        for block in pack(samples.ts_ms[begin:end], samples.value[begin:end]):
            yield series_id, block


def _begins(series: NDArray[np.int64]) -> NDArray[np.intp]:
    """The places at which another series begins."""
    return np.flatnonzero(np.append(True, series[1:] != series[:-1]))
