"""Blocks in the database: how rows become samples, and samples rows."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import psycopg
from django.db import connection
from numpy.typing import NDArray

from telemetry.core import blocks
from telemetry.core.blocks import DamagedBlock, SampleBlock
from telemetry.core.instants import instant, ms

log = logging.getLogger(__name__)

TABLE, DAMAGED = "telemetry_block", "telemetry_damagedblock"
# One writer of blocks at a time in a schema: what a second one read could be replaced meanwhile.
_WRITING = 7_301_004
_COLUMNS = (
    *(
        "series_id",
        "start",
        "finish",
        "step_ms",
        "samples",
        "readings",
        "least",
        "greatest",
        "total",
        "first",
        "last",
    ),
    *("checksum", "times", "packed"),
)
_TYPES = (*("int8", "timestamptz", "timestamptz"), *("int4",) * 3, *("float8",) * 5, "int8", "bytea", "bytea")
# Packed numbers of many blocks travel as one value: an array of them is slow to take apart.
PACKED = """
array_agg(series_id), array_agg(start), array_agg(finish), array_agg(step_ms::bigint), array_agg(samples::bigint),
array_agg(first), array_agg(checksum), array_agg(octet_length(times)::bigint), array_agg(octet_length(packed)::bigint),
string_agg(times, ''::bytea), string_agg(packed, ''::bytea)
"""
PACKED_COLUMNS = 11
# A condition that is known before any block is looked at: most reads are about minutes that no block has yet.
# No block has samples of two days.
HAVE_ANY = """(SELECT max(newest_at) FROM telemetry_hottable) > %(after)s
AND start <= %(until)s AND start > %(day_before)s AND finish > %(after)s"""
# `day_before` is so much before `after`: what the planner knows beforehand spares it the partitions of other days.
ONE_DAY = timedelta(days=1)


class SampleArrays(NamedTuple):
    """Samples, or newest readings, in no order. A stale marker is NaN."""

    series: NDArray[np.int64]
    ts_ms: NDArray[np.int64]
    value: NDArray[np.float64]

    def where(self, is_match: NDArray[np.bool_]) -> "SampleArrays":
        return SampleArrays(self.series[is_match], self.ts_ms[is_match], self.value[is_match])

    def cut(self, after: datetime, until: datetime) -> "SampleArrays":
        return self.where((self.ts_ms > ms(after)) & (self.ts_ms <= ms(until)))


NO_SAMPLES = SampleArrays(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


def joined(parts: Iterable[SampleArrays]) -> SampleArrays:
    return SampleArrays(*(np.concatenate(column) for column in zip(*parts, strict=True)))


class BlockKey(NamedTuple):
    series_id: int
    start_ms: int


class UnpackedBlocks(NamedTuple):
    samples: SampleArrays
    keys: list[BlockKey]
    damaged: list[BlockKey]


def unpacked(columns: Sequence[Any]) -> UnpackedBlocks:
    """The samples of the columns of `PACKED`. Damaged blocks are left out and named."""
    if columns[0] is None:
        return UnpackedBlocks(NO_SAMPLES, [], [])
    *numbers, time_sizes, value_sizes, times, values = columns
    series, starts, _ends, _steps, counts, _firsts, _checksums = numbers
    # Samples come out in order of series and time, so that nobody has to sort them.
    order = np.lexsort((starts, series))
    ends = np.empty(len(counts), np.int64)
    ends[order] = np.cumsum(counts[order])
    places = np.stack((ends - counts, ends), axis=1).tolist()
    ts_ms, value = np.empty(counts.sum(), np.int64), np.empty(counts.sum())
    keys, damaged = [], []
    is_whole = np.ones(len(series), np.bool_)
    rows = zip(
        *(column.tolist() for column in numbers),
        cut_apart(times, time_sizes),
        cut_apart(values, value_sizes),
        strict=True,
    )
    for number, (series_id, start, end, step, samples, first, checksum, *packed) in enumerate(rows):
        block = _stored_block(start, end, step, samples, first, *packed)
        place = slice(*places[number])
        try:
            ts_ms[place], value[place] = blocks.unpack(block, checksum)
        except DamagedBlock as error:
            log.error("block of series %s from %s is damaged: %s", series_id, instant(start), error)
            damaged.append(BlockKey(series_id, start))
            is_whole[number] = False
        else:
            keys.append(BlockKey(series_id, start))
    read = SampleArrays(np.repeat(series[order], counts[order]), ts_ms, value)
    if damaged:
        read = read.where(np.repeat(is_whole[order], counts[order]))
    return UnpackedBlocks(read, keys, damaged)


def cut_apart(whole: bytes, sizes: NDArray[np.int64]) -> list[bytes]:
    return [
        whole[end - size : end] for size, end in zip(sizes.tolist(), np.cumsum(sizes).tolist(), strict=True)
    ]


def _stored_block(
    start: int, end: int, step: int, samples: int, first: float, times: bytes, values: bytes
) -> SampleBlock:
    """A block with what unpacking needs."""
    nothing = np.nan
    return SampleBlock(start, end, step, samples, 0, nothing, nothing, nothing, first, nothing, times, values)


def take_turn(*, wait: bool) -> bool:
    """Become the writer of blocks until the transaction ends; False if another one is and nobody waits for it."""
    function = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, current_schema()::regnamespace::oid::int)", [_WRITING])
        return wait or bool(cursor.fetchone()[0])


def write(cursor: psycopg.Cursor[Any], packed: Iterable[tuple[int, SampleBlock]]) -> int:
    """Store blocks with their series; returns how many."""
    written = 0
    with cursor.copy(f"COPY {TABLE} ({', '.join(_COLUMNS)}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(_TYPES)
        for series_id, block in packed:
            figures = (block.readings, block.least, block.greatest, block.total, block.first, block.last)
            times = (instant(block.start_ms), instant(block.end_ms), block.step_ms, block.samples)
            copy.write_row((series_id, *times, *figures, block.checksum, block.times, block.values))
            written += 1
    return written


def delete(keys: Sequence[BlockKey]) -> None:
    series, starts = [key.series_id for key in keys], [instant(key.start_ms) for key in keys]
    if not keys:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {TABLE} WHERE start BETWEEN %s AND %s AND (series_id, start) IN"
            " (SELECT * FROM unnest(%s::bigint[], %s::timestamptz[]))",
            [min(starts), max(starts), series, starts],
        )


def set_aside(keys: Sequence[BlockKey], *, now: datetime) -> None:
    """Move damaged blocks out of the way of reads, to where they are told from."""
    if not keys:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {DAMAGED} SELECT stored.*, %s FROM {TABLE} stored"
            " JOIN unnest(%s::bigint[], %s::timestamptz[]) AS damaged (series_id, start) USING (series_id, start)",
            [now, [key.series_id for key in keys], [instant(key.start_ms) for key in keys]],
        )
    delete(keys)
