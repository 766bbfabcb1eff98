"""Raw samples: hot batches and blocks, in one statement and so as of one instant.

While samples are packed they are in both, so a sample may be read twice, like one that was sent twice.
"""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from telemetry.binary import fetched
from telemetry.core import rollup
from telemetry.core.batches import DamagedBatch, unpack_batch
from telemetry.core.instants import ms
from telemetry.store.blocks import (
    HAVE_ANY,
    NO_SAMPLES,
    ONE_DAY,
    PACKED,
    PACKED_COLUMNS,
    SampleArrays,
    cut_apart,
    joined,
    unpacked,
)

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
_OF_SERIES = "series_id = ANY(%(ids)s)"
# An array, so that it is read before the batches, and these by their index.
_SOURCES = "ARRAY(SELECT DISTINCT source_id FROM telemetry_series WHERE id = ANY(%(ids)s))"
# The columns that `decoded` takes, for a statement that reads roll-ups too.
SAMPLE_COLUMNS = BATCH_COLUMNS + PACKED_COLUMNS
OF_SERIES = _SAMPLES.format(sources=_SOURCES, of_blocks=_OF_SERIES)
_OF_SOURCES = _SAMPLES.format(
    sources="%(sources)s",
    of_blocks="series_id IN (SELECT id FROM telemetry_series WHERE source_id = ANY(%(sources)s))",
)
_ASKED = "unnest(%(series)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])"
# Spans are minutes, and hours may lie between them.
_SPANS = f"""
SELECT hot.*, packed.* FROM (
    SELECT {BATCHES} FROM telemetry_samplebatch
    WHERE last_at > %(after)s AND first_at <= %(until)s AND source_id = ANY({_SOURCES}) AND EXISTS (
        SELECT FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS span (begun, until)
        WHERE first_at <= span.until AND last_at > span.begun
    )
) hot, (
    SELECT {PACKED} FROM telemetry_block WHERE {HAVE_ANY} AND {_OF_SERIES} AND EXISTS (
        SELECT FROM {_ASKED} AS asked (series_id, begun, until)
        WHERE asked.series_id = telemetry_block.series_id AND start <= asked.until AND finish > asked.begun
    )
) packed
"""


def samples(ids: Any, *, after: datetime, until: datetime) -> SampleArrays:
    """Samples of these series after an instant up to another, in no order."""
    values = {"ids": ids, "after": after, "until": until}
    return _read(OF_SERIES, values).cut(after, until)


def samples_of_sources(sources: Collection[int], *, after: datetime, until: datetime) -> SampleArrays:
    values = {"sources": sorted(sources), "after": after, "until": until}
    return _read(_OF_SOURCES, values).cut(after, until)


def readings_in_spans(
    series: Sequence[int], starts: Sequence[datetime], ends: Sequence[datetime]
) -> SampleArrays:
    """Readings of each series after the start of its span up to its end, in order of series and time, each instant
    once with its largest value. A series may have several spans."""
    spans = {"series": list(series), "starts": list(starts), "ends": list(ends)}
    if not spans["series"]:
        return SampleArrays(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    read = _read(
        _SPANS, {**spans, "ids": np.unique(np.array(series)), "after": min(starts), "until": max(ends)}
    )
    is_inside = np.zeros(len(read.series), np.bool_)
    for series_id, start, end in zip(series, starts, ends, strict=True):
        is_inside |= (read.series == series_id) & (read.ts_ms > ms(start)) & (read.ts_ms <= ms(end))
    readings = rollup.once(*read.where(is_inside))
    return SampleArrays(readings.series, readings.ts, readings.value)


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
    parts = [NO_SAMPLES]
    for batch in () if sizes is None else cut_apart(batches, sizes):
        try:
            of_batch = SampleArrays(*unpack_batch(batch))
        except DamagedBatch as error:
            log.error("a batch of hot samples is damaged: %s", error)
            continue
        parts.append(of_batch if ids is None else of_batch.where(np.isin(of_batch.series, ids)))
    return joined(parts)


def _read(statement: str, values: dict[str, Any]) -> SampleArrays:
    (row,) = fetched(statement, values | {"day_before": values["after"] - ONE_DAY})
    return decoded(row, values.get("ids"))
