"""Raw samples: hot rows and blocks, in one statement and so as of one instant.

While samples are packed they are in both, so a sample may be read twice, like one that was sent twice.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from telemetry.binary import fetched
from telemetry.core import rollup
from telemetry.core.instants import ms
from telemetry.store.blocks import HAVE_ANY, PACKED, PACKED_COLUMNS, SampleArrays, joined, unpacked

_SAMPLES = f"""
SELECT hot.*, packed.* FROM (
    SELECT array_agg(series_id), array_agg(ts), array_agg(value) FROM telemetry_sample
    WHERE ts > %(after)s AND ts <= %(until)s{{of_hot}}
) hot, (
    SELECT {PACKED} FROM telemetry_block WHERE {HAVE_ANY}{{of_blocks}}
) packed
"""
_OF_SERIES = " AND series_id = ANY(%(ids)s)"
# The columns that `decoded` takes, for a statement that reads roll-ups too.
SAMPLE_COLUMNS = 3 + PACKED_COLUMNS
OF_SERIES = _SAMPLES.format(of_hot=_OF_SERIES, of_blocks=_OF_SERIES)
_OF_SOURCES = " AND series_id IN (SELECT id FROM telemetry_series WHERE source_id = ANY(%(sources)s))"
_ASKED = "unnest(%(series)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])"
# Query hot rows span by span (OFFSET enforces this): spans are minutes, and hours may lie between them.
_SPANS = f"""
SELECT hot.*, packed.* FROM (
    SELECT array_agg(series_id), array_agg(ts), array_agg(value) FROM (
        SELECT begun, until, array_agg(series_id) AS ids FROM {_ASKED} AS asked (series_id, begun, until)
        GROUP BY begun, until
    ) span CROSS JOIN LATERAL (
        SELECT series_id, ts, value FROM telemetry_sample
        WHERE ts > span.begun AND ts <= span.until AND series_id = ANY(span.ids)
        OFFSET 0
    ) held
) hot, (
    SELECT {PACKED} FROM telemetry_block WHERE {HAVE_ANY}{_OF_SERIES} AND EXISTS (
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
    """The same for sources. Samples of others may be among them."""
    values = {"sources": sorted(sources), "after": after, "until": until}
    return _read(_SAMPLES.format(of_hot="", of_blocks=_OF_SOURCES), values).cut(after, until)


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


def decoded(columns: Sequence[Any]) -> SampleArrays:
    """The samples of hot rows and blocks. Those of blocks may be from outside the times that were asked for."""
    packed = unpacked(columns[3:]).samples
    if columns[0] is None:
        return packed
    hot = SampleArrays(*columns[:3])
    return joined((hot, packed)) if len(packed.series) else hot


def _read(statement: str, values: dict[str, Any]) -> SampleArrays:
    (row,) = fetched(statement, values)
    return decoded(row)
