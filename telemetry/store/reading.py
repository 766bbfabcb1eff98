"""Roll-ups of some series as columns. Times go in as instants and come out as milliseconds."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.binary import fetched, fetched_columns
from telemetry.core import rollup
from telemetry.core.instants import instant, ms
from telemetry.core.sketch import Sketch, bucket_of
from telemetry.store import partitions
from telemetry.store.blocks import ONE_DAY, SampleArrays
from telemetry.store.raw import BATCHES, OF_SERIES, SAMPLE_COLUMNS, decoded, unpacked_batches
from telemetry.store.remote import reading as remote
from telemetry.store.replicas import one_of_each

type Ids = NDArray[np.int64]
type WindowColumn = Literal["sum", "count", "min", "max", "last", "last_ts", "increase"]

# Read series by series.
_NEWEST = """
SELECT array_agg(asked.series_id), array_agg(last_ts), array_agg(last)
FROM unnest(%(ids)s::bigint[]) AS asked (series_id) CROSS JOIN LATERAL (
    SELECT last_ts, last FROM {table} done
    WHERE done.series_id = asked.series_id{bounds} ORDER BY start DESC LIMIT 1
) earlier
"""
_RISEN = """
SELECT array_agg(series_id), array_agg(increase), array_agg(first_ts), array_agg(last_ts) FROM (
    SELECT series_id, sum(increase) AS increase, min(last_ts) AS first_ts, max(last_ts) AS last_ts
    FROM telemetry_rollup_5m
    WHERE series_id = ANY(%(ids)s) AND increase > 0 AND start >= %(since)s AND start < %(before)s
    GROUP BY series_id
) risen
"""
_RANGES = f"""
SELECT part.*, raw.* FROM (
    SELECT array_agg(series_id), array_agg(low), array_agg(high) FROM (
        SELECT series_id, min AS low, max AS high FROM telemetry_rollup_1h
        WHERE series_id = ANY(%(ids)s) AND start >= %(since)s
        UNION ALL
        SELECT series_id, min, max FROM telemetry_rollup_5m
        WHERE series_id = ANY(%(ids)s) AND start >= %(five_minutes_from)s
    ) rolled
) part, ({OF_SERIES}) raw
"""
_SKETCHES = f"""
WITH rolled AS MATERIALIZED (
    SELECT series_id, last_ts, sketch_buckets, sketch_counts FROM telemetry_rollup_1h
    WHERE series_id = ANY(%(ids)s) AND start >= %(start)s AND start < %(hours_end)s
    UNION ALL
    SELECT series_id, last_ts, sketch_buckets, sketch_counts FROM telemetry_rollup_5m
    WHERE series_id = ANY(%(ids)s) AND start >= greatest(%(start)s, %(hours_end)s) AND start < %(rolled_end)s
)
SELECT part.*, raw.* FROM (
    SELECT array_agg(series_id), array_agg(last_ts), array_agg(bucket::bigint), array_agg(n)
    FROM rolled, unnest(sketch_buckets, sketch_counts) AS held (bucket, n)
) part, ({OF_SERIES}) raw
"""


class SeriesSketch(NamedTuple):
    series_id: int
    newest_at: datetime
    samples: int
    buckets: NDArray[np.int32]
    counts: NDArray[np.int64]


def newest(ids: Ids, *, since: datetime, before: datetime) -> SampleArrays:
    """The newest reading of each series from five-minute windows that start in [since, before)."""
    bounds = " AND start >= %(since)s AND start < %(before)s"
    statement = _NEWEST.format(table=partitions.FIVE_MINUTES.table, bounds=bounds)
    return SampleArrays(*fetched_columns(statement, {"ids": ids, "since": since, "before": before}))


def newest_by_hours(ids: Ids) -> SampleArrays:
    """The newest reading of each series, however old, from its hours."""
    statement = _NEWEST.format(table=partitions.HOURS.table, bounds="")
    return SampleArrays(*fetched_columns(statement, {"ids": ids}))


def windows(
    ids: Ids, *columns: WindowColumn, since: datetime, before: datetime, hourly: bool = False
) -> tuple[NDArray[Any], ...]:
    """Series and start of the windows that start in [since, before), and these columns of them, in no order. With
    `increase`, windows without one are left out."""
    table = partitions.HOURS.table if hourly else partitions.FIVE_MINUTES.table
    arrays = ", ".join(f"array_agg({'count::float8' if name == 'count' else name})" for name in columns)
    # Left out because an array with nulls is slow to read.
    condition = " AND increase IS NOT NULL" if "increase" in columns else ""
    statement = (
        f"SELECT array_agg(series_id), array_agg(start), {arrays} FROM {table}"
        f" WHERE series_id = ANY(%(ids)s) AND start >= %(since)s AND start < %(before)s{condition}"
    )
    return fetched_columns(statement, {"ids": ids, "since": since, "before": before})


def rises(ids: Ids, *, since: datetime, before: datetime) -> tuple[NDArray[Any], ...]:
    """Series, rise, and the newest reading of the first and the last window in which it rose, of the counters that
    rose in windows that start in [since, before)."""
    return fetched_columns(_RISEN, {"ids": ids, "since": since, "before": before})


def ranges(
    ids: Ids, *, since: datetime, five_minutes_from: datetime, samples_from: datetime, until: datetime
) -> tuple[NDArray[Any], ...]:
    """Series, least and greatest value of hours since `since`, of five minutes and of samples from later instants."""
    values = {"ids": ids, "since": since, "five_minutes_from": five_minutes_from}
    rolled, raw = _read(_RANGES, values, after=samples_from, until=until)
    raw = raw.where(~np.isnan(raw.value))
    parts = zip(rolled, (raw.series, raw.value, raw.value), strict=True)
    series, lows, highs = (np.concatenate([old, new]) for old, new in parts)
    distinct_series, place = np.unique(series.astype(np.int64), return_inverse=True)
    least, greatest = np.full(len(distinct_series), np.inf), np.full(len(distinct_series), -np.inf)
    np.minimum.at(least, place, lows)
    np.maximum.at(greatest, place, highs)
    return distinct_series, least, greatest


def sketches(
    ids: Ids,
    *,
    start: datetime,
    hours_end: datetime,
    rolled_end: datetime,
    raw_start: datetime,
    raw_end: datetime,
) -> list[SeriesSketch]:
    """Readings as a sketch for each series: of hours from `start` to `hours_end`, then of five minutes up to
    `rolled_end`, then of samples after `raw_start` up to `raw_end`."""
    bounds = {"ids": ids, "start": start, "hours_end": hours_end, "rolled_end": rolled_end}
    rolled, raw = _read(_SKETCHES, bounds, after=raw_start, until=raw_end)
    readings = rollup.once(*raw)
    each = np.ones(len(readings.value), np.int64)
    columns: tuple[NDArray[Any], ...] = (readings.series, readings.ts, bucket_of(readings.value), each)
    whole = (np.concatenate([old, new]).astype(np.int64) for old, new in zip(rolled, columns, strict=True))
    return list(_sketches(*whole))


def _read(
    statement: str, values: dict[str, Any], *, after: datetime, until: datetime
) -> tuple[list[NDArray[Any]], SampleArrays]:
    """The columns of roll-ups and the samples that one statement gives, so that both are as of one instant."""
    (row,) = fetched(statement, values | {"after": after, "until": until, "day_before": after - ONE_DAY})
    rolled = [np.empty(0) if column is None else column for column in row[:-SAMPLE_COLUMNS]]
    read = decoded(row[-SAMPLE_COLUMNS:], values["ids"]).cut(after, until)
    return rolled, one_of_each(remote.add_series(read, values["ids"], after=after, until=until))


def _sketches(
    series: NDArray[np.int64],
    last_ms: NDArray[np.int64],
    buckets: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> Iterator[SeriesSketch]:
    order = np.argsort(series, kind="stable")
    _ids, starts = np.unique(series[order], return_index=True)
    for begin, end in pairwise([*starts.tolist(), len(series)]):
        of_series = order[begin:end]
        sketch = Sketch.from_arrays(buckets[of_series], counts[of_series])
        newest_at = instant(int(last_ms[of_series].max()))
        yield SeriesSketch(int(series[of_series[0]]), newest_at, sketch.count, sketch.buckets, sketch.counts)


def sampled_instants(*, since: datetime) -> Iterable[datetime]:
    """The distinct times of all hot samples since an instant, in order."""
    (row,) = fetched(
        f"SELECT {BATCHES} FROM telemetry_samplebatch WHERE last_at >= %(since)s", {"since": since}
    )
    times = np.unique(unpacked_batches(row).ts_ms)
    return map(instant, times[times >= ms(since)].tolist())
