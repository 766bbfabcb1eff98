"""Raw samples: hot batches and blocks, in one statement and so as of one instant.

While samples are packed they are in both, so a sample may be read twice, like one that was sent twice.
"""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemetry.binary import fetched
from telemetry.core import rollup
from telemetry.core.batches import BatchReader, DamagedBatch
from telemetry.core.instants import instant, ms
from telemetry.core.replicas import are_of_replicas, series_of
from telemetry.store.blocks import (
    HAVE_ANY,
    NO_SAMPLES,
    ONE_DAY,
    PACKED,
    PACKED_COLUMNS,
    BlockRows,
    Ints,
    SampleArrays,
    UnpackPlan,
    block_rows,
    cut_apart,
    joined,
    order_of_rows,
    unpack_rows,
    unpacked,
)
from telemetry.store.remote import reading as remote
from telemetry.store.replicas import ID_OF_SERIES, SAMPLE_IDS, SAMPLE_IDS_OF_SOURCES, one_of_each

log = logging.getLogger(__name__)

# Packed batches travel as one value, like blocks.
BATCHES = "array_agg(octet_length(packed)::bigint), string_agg(packed, ''::bytea)"
BATCH_COLUMNS = 2
_SAMPLES = f"""
SELECT hot.*, packed.* FROM (
    SELECT {BATCHES} FROM telemetry_samplebatch
    WHERE last_at > %(after)s AND first_at <= %(until)s AND source_id = ANY({{sources}})
) hot, (
    SELECT {PACKED} FROM telemetry_block WHERE {HAVE_ANY} AND {{of_blocks}}
) packed
"""
_OF_SERIES = f"series_id = ANY({SAMPLE_IDS})"
# An array, so that it is read before the batches, and these by their index.
_SOURCES = "ARRAY(SELECT DISTINCT source_id FROM telemetry_series WHERE id = ANY(%(ids)s))"
# The columns that `decoded` takes, for a statement that reads roll-ups too.
SAMPLE_COLUMNS = BATCH_COLUMNS + PACKED_COLUMNS
OF_SERIES = _SAMPLES.format(sources=_SOURCES, of_blocks=_OF_SERIES)
_OF_SOURCES = _SAMPLES.format(
    sources="%(sources)s",
    of_blocks=f"series_id IN ({SAMPLE_IDS_OF_SOURCES})",
)
_ASKED = "unnest(%(series)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])"
# Spans are minutes, and hours may lie between them.
_SPANS = f"""
SELECT hot.*, packed.* FROM (
    SELECT {BATCHES} FROM telemetry_samplebatch
    WHERE last_at > %(after)s AND first_at <= %(until)s AND source_id = ANY({_SOURCES}) AND EXISTS (
        SELECT FROM (
            SELECT DISTINCT * FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS span (begun, until)
        ) WHERE first_at <= until AND last_at > begun
    )
) hot, (
    SELECT {PACKED}, array_agg(begun), array_agg(until) FROM telemetry_block
    JOIN {_ASKED} AS asked (id, begun, until) ON asked.id = {ID_OF_SERIES} AND start <= until AND finish > begun
    WHERE {HAVE_ANY} AND {_OF_SERIES}
) packed
"""


def samples(ids: Any, *, after: datetime, until: datetime) -> SampleArrays:
    """Samples of these series after an instant up to another, in order of series, and mostly of time."""
    return one_of_each(samples_of_replicas(ids, after=after, until=until))


def samples_of_replicas(ids: Any, *, after: datetime, until: datetime) -> SampleArrays:
    """Samples of all replicas of these series, by the ids with which they are stored."""
    ids = np.unique(np.asarray(ids, np.int64))
    values = {"ids": ids, "after": after, "until": until, "day_before": after - ONE_DAY}
    (row,) = fetched(OF_SERIES, values)
    hot = unpacked_batches(row[:BATCH_COLUMNS], ids).cut(after, until).order_by_series()
    rows = block_rows(row[BATCH_COLUMNS:])
    samples_read = hot
    if len(rows.series):
        if are_of_replicas(rows.series) or are_of_replicas(hot.series):
            sample_ids = np.unique(np.concatenate((ids, hot.series, rows.series)))
        else:
            sample_ids = ids
        samples_read = _put_together(sample_ids, hot, rows, *rows.bounds(ms(after), ms(until))).cut(
            after, until
        )
    return remote.add_series(samples_read, ids, after=after, until=until)


def _put_together(ids: Ints, hot: SampleArrays, rows: BlockRows, begins: Ints, ends: Ints) -> SampleArrays:
    """Place the samples from `begins` to `ends` of the blocks of each series before its hot ones."""
    sizes = ends - begins
    # Where those of each series begin, and where the last of them end.
    hot_edges = np.append(np.searchsorted(hot.series, ids), len(hot.series))
    row_edges = np.append(np.searchsorted(rows.series, ids), len(rows.series))
    in_hot = np.diff(hot_edges)
    in_blocks = np.diff(np.append(0, np.cumsum(sizes))[row_edges])
    hot_places = np.arange(len(hot.series)) + np.repeat(np.cumsum(in_blocks), in_hot)
    row_places = np.cumsum(sizes) - sizes + np.repeat(hot_edges[:-1], np.diff(row_edges))
    samples = len(hot.series) + int(sizes.sum())
    ts_ms, value = np.empty(samples, np.int64), np.empty(samples)
    ts_ms[hot_places], value[hot_places] = hot.ts_ms, hot.value
    unpack_rows(rows, UnpackPlan(begins, ends, row_places), ts_ms, value)
    return SampleArrays(np.repeat(ids, in_hot + in_blocks), ts_ms, value)


def samples_of_sources(sources: Collection[int], *, after: datetime, until: datetime) -> SampleArrays:
    """Samples of all replicas of the series of these sources."""
    values = {"sources": sorted(sources), "after": after, "until": until}
    samples_read = _read(_OF_SOURCES, values).cut(after, until)
    return remote.add_sources(samples_read, sources, after=after, until=until)


def readings_in_spans(
    series: Ints, starts_ms: Ints, ends_ms: Ints, *, of_replicas: bool = False
) -> SampleArrays:
    """Readings of each series after the start of its span up to its end, in order of series and time, each instant
    once with its largest value. A series may have several spans, which end in the order in which they start. With
    `of_replicas` those of all replicas, by the ids with which they are stored."""
    if not len(series):
        return NO_SAMPLES
    after = instant(int(starts_ms.min()))
    values = {
        "series": series,
        "starts": starts_ms.astype("datetime64[ms]"),
        "ends": ends_ms.astype("datetime64[ms]"),
        "ids": np.unique(series),
        "after": after,
        "until": instant(int(ends_ms.max())),
        "day_before": after - ONE_DAY,
    }
    (row,) = fetched(_SPANS, values)
    hot = unpacked_batches(row[:BATCH_COLUMNS], values["ids"])
    hot = remote.add_spans(hot, series, starts_ms, ends_ms)
    hot = hot.where(_is_in_span(hot, series, starts_ms, ends_ms))
    packed = _unpacked_in_spans(*row[BATCH_COLUMNS:])
    samples_read = joined((hot, packed)) if len(hot.series) else packed
    readings = rollup.once(*(samples_read if of_replicas else one_of_each(samples_read)))
    return SampleArrays(readings.series, readings.ts, readings.value)


def _unpacked_in_spans(*columns: Any) -> SampleArrays:
    """The samples of the columns of `PACKED`, of which the last two are the span in which each block is read."""
    *packed, begun, until = columns
    rows = block_rows(packed)
    if not len(rows.series):
        return NO_SAMPLES
    order = order_of_rows(packed)
    begun, until = begun[order], until[order]
    begins, ends = rows.bounds(begun, until)
    sizes = ends - begins
    ts_ms, value = np.empty(sizes.sum(), np.int64), np.empty(sizes.sum())
    unpack_rows(rows, UnpackPlan(begins, ends, np.cumsum(sizes) - sizes), ts_ms, value)
    # What is damaged has a time before any span.
    is_inside = (ts_ms > np.repeat(begun, sizes)) & (ts_ms <= np.repeat(until, sizes))
    read = SampleArrays(np.repeat(rows.series, sizes), ts_ms, value)
    return read if is_inside.all() else read.where(is_inside)


def _is_in_span(read: SampleArrays, series: Ints, starts: Ints, ends: Ints) -> NDArray[np.bool_]:
    """Return whether each sample is in the span of its series that was the last to start before it."""
    if not len(read.series):
        return np.empty(0, np.bool_)
    order = np.lexsort((starts, series))
    series, starts, ends = series[order], starts[order], ends[order]
    # One number for series and time, so that both are compared at once.
    oldest = min(int(starts.min()), int(read.ts_ms.min()))
    width = max(int(starts.max()), int(read.ts_ms.max())) - oldest + 1
    distinct = np.unique(series)
    span_keys = np.searchsorted(distinct, series) * width + (starts - oldest)
    ids = series_of(read.series)
    sample_keys = np.searchsorted(distinct, ids) * width + (read.ts_ms - oldest)
    place = np.searchsorted(span_keys, sample_keys) - 1
    is_match: NDArray[np.bool_] = (place >= 0) & (series[place] == ids) & (read.ts_ms <= ends[place])
    return is_match


def decoded(columns: Sequence[Any], ids: Any = None) -> SampleArrays:
    """The samples of hot batches and blocks, of these series or of all. They may be from outside the times that were
    asked for."""
    packed = unpacked(columns[BATCH_COLUMNS:]).samples
    hot = unpacked_batches(columns[:BATCH_COLUMNS], ids)
    if not len(packed.series):
        return hot
    return joined((hot, packed)) if len(hot.series) else packed


def unpacked_batches(columns: Sequence[Any], ids: Any = None) -> SampleArrays:
    """The samples of the columns of `BATCHES`. Damaged batches are left out and logged: packing fails at them."""
    sizes, batches = columns
    reader = BatchReader(ids)
    for batch in () if sizes is None else cut_apart(batches, sizes):
        try:
            reader.add(batch)
        except DamagedBatch as error:
            log.error("a batch of hot samples is damaged: %s", error)
    parts = [SampleArrays(*columns) for columns in reader.samples()]
    return parts[0] if len(parts) == 1 else joined([NO_SAMPLES, *parts])


def _read(statement: str, values: dict[str, Any]) -> SampleArrays:
    (row,) = fetched(statement, values | {"day_before": values["after"] - ONE_DAY})
    return decoded(row, values.get("ids"))
