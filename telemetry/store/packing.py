"""Packs what is in sealed hot tables into blocks, a part of the series at a time, each part in one transaction.

Whatever ends a part half way, the next run begins it again: its samples are still hot, and packing a sample twice
changes nothing. A hot table is dropped when all its rows are in blocks.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import numpy as np
import psycopg
from django.db import transaction
from numpy.typing import NDArray

from telemetry.binary import binary_cursor
from telemetry.core.blocks import DAY_MS, MOST_SAMPLES, SampleBlock, distinct, pack
from telemetry.core.instants import instant, ms
from telemetry.store import blocks, hot, partitions
from telemetry.store.blocks import PACKED, SampleArrays, joined, take_turn
from telemetry.store.hot import HotTable

# What verdicts and roll-ups read all the time stays in rows: they read no block for it.
HOT_FOR = timedelta(hours=1)
# Rows of one transaction, which takes about two seconds and 80 MB.
ROWS = 500_000
# A run takes at most this long, and runs begin every minute: a quarter of a core, with its share in the database.
BUDGET_S = 15.0

_UP_TO = """
SELECT max(series_id) FROM (
    SELECT series_id, sum(count(*)) OVER (ORDER BY series_id) - count(*) AS before FROM {table}
    WHERE series_id > %s GROUP BY series_id
) counted WHERE before < %s
"""
_ROWS = """
SELECT array_agg(series_id), array_agg(ts), array_agg(value) FROM {table} WHERE series_id > %s AND series_id <= %s
"""
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


def pack_due(*, now: datetime, oldest: datetime, budget_s: float = BUDGET_S) -> int:
    """Seal the hot table if it is due, and pack those that were sealed an hour ago. Samples before `oldest` are past
    their time and left out. Returns how many rows became part of blocks."""
    started = perf_counter()
    hot.seal_due(now=now)
    rows = 0
    for table in hot.hot_tables():
        if table.sealed_at is None or not table.is_older(HOT_FOR, now=now):
            continue
        while (packed := _pack_some(table.id, oldest=oldest, now=now)) is not None:
            rows += packed
            if perf_counter() - started > budget_s:
                return rows
    return rows


def _pack_some(table_id: int, *, oldest: datetime, now: datetime) -> int | None:
    """Pack the next series of a table; None when nothing is left to do in it now."""
    with transaction.atomic(), binary_cursor() as cursor:
        if not take_turn(wait=False):
            return None
        # Read only now: another worker may have packed more of it.
        table = next((each for each in hot.hot_tables() if each.id == table_id), None)
        if table is None:
            return None
        # Statistics of a table that was just written, or of one column of five, mislead the planner.
        cursor.execute("SET LOCAL enable_hashjoin = off")
        cursor.execute("SET LOCAL enable_mergejoin = off")
        (last,) = cursor.execute(
            _UP_TO.format(table=table.name), [table.packed_through, ROWS]
        ).fetchone() or (None,)
        if last is not None:
            return _pack_series(cursor, table, int(last), oldest, now)
        hot.drop(table, now=now)
    return None


def _pack_series(
    cursor: psycopg.Cursor[Any], table: HotTable, last: int, oldest: datetime, now: datetime
) -> int:
    row = cursor.execute(_ROWS.format(table=table.name), [table.packed_through, last]).fetchone()
    # They may have been deleted meanwhile, because they are past their time.
    samples = SampleArrays(*row) if row and row[0] is not None else blocks.NO_SAMPLES
    rows = len(samples.series)
    samples = SampleArrays(*distinct(*samples.where(samples.ts_ms >= ms(oldest))))
    days = samples.ts_ms // DAY_MS
    for day in np.unique(days).tolist():
        _merge(cursor, day, samples.where(days == day), now)
    cursor.execute(
        "UPDATE telemetry_hottable SET packed_through = %s, rows_packed = rows_packed + %s WHERE id = %s",
        [last, rows, table.id],
    )
    return rows


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
    blocks.write(cursor, _packed(SampleArrays(*distinct(*joined((added, stored.samples))))))


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
