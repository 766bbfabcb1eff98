"""Blocks in the database: how rows become samples, and samples rows."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import psycopg
from django.db import connection
from numpy.typing import NDArray

from telemetry.core.blocks import DamagedBlock, PackedBlock, SampleBlock
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


# A time that no sample has.
NO_TIME = np.iinfo(np.int64).min

type Ints = NDArray[np.int64]


class SampleArrays(NamedTuple):
    """Samples, or newest readings, in no order. A stale marker is NaN."""

    series: NDArray[np.int64]
    ts_ms: NDArray[np.int64]
    value: NDArray[np.float64]

    def where(self, is_match: NDArray[np.bool_]) -> "SampleArrays":
        return SampleArrays(self.series[is_match], self.ts_ms[is_match], self.value[is_match])

    def order_by_series(self) -> "SampleArrays":
        """In order of series; those of a series as they come."""
        if (self.series[1:] >= self.series[:-1]).all():
            return self
        places = np.argsort(self.series, kind="stable")
        return SampleArrays(self.series[places], self.ts_ms[places], self.value[places])

    def cut(self, after: datetime, until: datetime) -> "SampleArrays":
        is_inside = (self.ts_ms > ms(after)) & (self.ts_ms <= ms(until))
        return self if is_inside.all() else self.where(is_inside)


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


class BlockRows(NamedTuple):
    """Packed blocks in order of series and time."""

    series: Ints
    start_ms: Ints
    end_ms: Ints
    step_ms: Ints
    samples: Ints
    first: NDArray[np.float64]
    checksum: Ints
    times: list[bytes]
    values: list[bytes]

    def bounds(self, after_ms: int | Ints, until_ms: int | Ints) -> tuple[Ints, Ints]:
        """Where in each block the samples after an instant up to another begin and end; all of it where they are not
        evenly spaced. The instants are those of each block, or of all."""
        begins, ends = (
            np.clip((at_ms - self.start_ms) // np.maximum(self.step_ms, 1) + 1, 0, self.samples)
            for at_ms in (after_ms, until_ms)
        )
        is_even = self.step_ms > 0
        return np.where(is_even, begins, 0), np.where(is_even, np.maximum(begins, ends), self.samples)

    def key(self, number: int) -> BlockKey:
        return BlockKey(int(self.series[number]), int(self.start_ms[number]))


class UnpackPlan(NamedTuple):
    """Which samples of each block are unpacked, and from which place on they go into the arrays for them."""

    begins: Ints
    ends: Ints
    places: Ints


def order_of_rows(columns: Sequence[Any]) -> NDArray[np.intp]:
    return np.lexsort((columns[1], columns[0]))


def block_rows(columns: Sequence[Any]) -> BlockRows:
    """The blocks of the columns of `PACKED`."""
    if columns[0] is None:
        nothing = np.empty(0, np.int64)
        return BlockRows(*(nothing,) * 5, np.empty(0), nothing, [], [])
    *numbers, time_sizes, value_sizes, times, values = columns
    order = order_of_rows(columns)
    packed = (cut_apart(times, time_sizes), cut_apart(values, value_sizes))
    return BlockRows(
        *(column[order] for column in numbers), *([parts[place] for place in order] for parts in packed)
    )


def unpack_rows(rows: BlockRows, plan: UnpackPlan, ts_ms: Ints, value: NDArray[np.float64]) -> list[int]:
    """Unpack blocks into arrays of times and values; returns which are damaged. Samples of these get `NO_TIME`."""
    damaged = []
    columns = (*(column.tolist() for column in rows[1:7]), rows.times, rows.values)
    into = (column.tolist() for column in plan)
    for number, (*columns_of_block, begin, end, place) in enumerate(zip(*columns, *into, strict=True)):
        places = slice(place, place + end - begin)
        try:
            PackedBlock(*columns_of_block).unpack(begin, end, ts_ms[places], value[places])
        except DamagedBlock as error:
            key = rows.key(number)
            log.error(
                "block of series %s from %s is damaged: %s", key.series_id, instant(key.start_ms), error
            )
            damaged.append(number)
            ts_ms[places] = NO_TIME
    return damaged


def unpacked(columns: Sequence[Any]) -> UnpackedBlocks:
    """The samples of the columns of `PACKED`. Damaged blocks are left out and named."""
    rows = block_rows(columns)
    sizes = rows.samples
    ts_ms, value = np.empty(sizes.sum(), np.int64), np.empty(sizes.sum())
    plan = UnpackPlan(np.zeros_like(sizes), sizes, np.cumsum(sizes) - sizes)
    damaged = unpack_rows(rows, plan, ts_ms, value)
    read = SampleArrays(np.repeat(rows.series, sizes), ts_ms, value)
    if damaged:
        read = read.where(ts_ms != NO_TIME)
    whole = sorted({*range(len(sizes))} - {*damaged})
    return UnpackedBlocks(read, *([rows.key(number) for number in some] for some in (whole, damaged)))


def cut_apart(whole: bytes, sizes: NDArray[np.int64]) -> list[bytes]:
    return [
        whole[end - size : end] for size, end in zip(sizes.tolist(), np.cumsum(sizes).tolist(), strict=True)
    ]


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
