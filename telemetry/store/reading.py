"""Samples and roll-ups of some series as columns. Times go in as instants and come out as milliseconds."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.binary import fetched, fetched_columns
from telemetry.core.instants import instant
from telemetry.core.sketch import bucket_sql
from telemetry.store import partitions

type Ids = NDArray[np.int64]
type WindowColumn = Literal["sum", "count", "min", "max", "last", "last_ts", "increase"]

_SAMPLES = """
SELECT array_agg(series_id), array_agg(ts), array_agg(value) FROM telemetry_sample
WHERE ts > %(after)s AND ts <= %(until)s AND series_id = ANY(%(ids)s)
"""
# Query span by span (OFFSET enforces this): spans are minutes, and hours may lie between them.
_SPANS = """
SELECT array_agg(series_id), array_agg(ts), array_agg(value) FROM (
    SELECT DISTINCT ON (series_id, ts) series_id, ts, value FROM (
        SELECT start, until, array_agg(series_id) AS ids
        FROM unnest(%(series)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
            AS asked (series_id, start, until) GROUP BY start, until
    ) span CROSS JOIN LATERAL (
        SELECT series_id, ts, value FROM telemetry_sample
        WHERE ts > span.start AND ts <= span.until AND series_id = ANY(span.ids) AND value <> 'NaN'
        OFFSET 0
    ) held ORDER BY series_id, ts, value DESC
) once
"""
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
_RANGES = """
SELECT array_agg(series_id), array_agg(low), array_agg(high) FROM (
    SELECT series_id, min(low) AS low, max(high) AS high FROM (
        SELECT series_id, min AS low, max AS high FROM telemetry_rollup_1h
        WHERE series_id = ANY(%(ids)s) AND start >= %(since)s
        UNION ALL
        SELECT series_id, min, max FROM telemetry_rollup_5m
        WHERE series_id = ANY(%(ids)s) AND start >= %(five_minutes_from)s
        UNION ALL
        SELECT series_id, value, value FROM telemetry_sample
        WHERE series_id = ANY(%(ids)s) AND ts > %(samples_from)s AND ts <= %(until)s AND value <> 'NaN'
    ) part GROUP BY series_id
) whole
"""
_SKETCHES = f"""
WITH kept AS MATERIALIZED (
    SELECT DISTINCT ON (series_id, ts) series_id, ts, value FROM telemetry_sample
    WHERE ts > %(raw_start)s AND ts <= %(raw_end)s AND value <> 'NaN' AND series_id = ANY(%(ids)s)
    ORDER BY series_id, ts, value DESC
), rolled AS MATERIALIZED (
    SELECT series_id, last_ts, sketch_buckets, sketch_counts FROM telemetry_rollup_1h
    WHERE series_id = ANY(%(ids)s) AND start >= %(start)s AND start < %(hours_end)s
    UNION ALL
    SELECT series_id, last_ts, sketch_buckets, sketch_counts FROM telemetry_rollup_5m
    WHERE series_id = ANY(%(ids)s) AND start >= greatest(%(start)s, %(hours_end)s) AND start < %(rolled_end)s
), part AS (
    SELECT series_id, bucket, n, last_ts FROM rolled, unnest(sketch_buckets, sketch_counts) AS held (bucket, n)
    UNION ALL
    SELECT series_id, {bucket_sql("value")}, 1, ts FROM kept
), merged AS (
    SELECT series_id, bucket, sum(n)::bigint AS n, max(last_ts) AS newest FROM part GROUP BY 1, 2
)
SELECT series_id, max(newest), sum(n)::bigint, array_agg(bucket ORDER BY bucket), array_agg(n ORDER BY bucket)
FROM merged GROUP BY series_id ORDER BY series_id
"""


class SampleArrays(NamedTuple):
    """Samples, or newest readings, in no order. A stale marker is NaN."""

    series: NDArray[np.int64]
    ts_ms: NDArray[np.int64]
    value: NDArray[np.float64]


class SeriesSketch(NamedTuple):
    series_id: int
    newest_at: datetime
    samples: int
    buckets: NDArray[np.int32]
    counts: NDArray[np.int64]


def samples(ids: Ids, *, after: datetime, until: datetime) -> SampleArrays:
    return SampleArrays(*fetched_columns(_SAMPLES, {"ids": ids, "after": after, "until": until}))


def readings_in_spans(
    series: Sequence[int], starts: Sequence[datetime], ends: Sequence[datetime]
) -> SampleArrays:
    """Readings of each series after the start of its span up to its end, in order of series and time, each instant
    once with its largest value. A series may have several spans."""
    spans = {"series": list(series), "starts": list(starts), "ends": list(ends)}
    return SampleArrays(*fetched_columns(_SPANS, spans))


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
    starts = {"since": since, "five_minutes_from": five_minutes_from, "samples_from": samples_from}
    return fetched_columns(_RANGES, {"ids": ids, "until": until, **starts})


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
    rows = fetched(_SKETCHES, bounds | {"raw_start": raw_start, "raw_end": raw_end})
    return [
        SeriesSketch(series, newest_at, count, np.array(buckets, np.int32), np.array(counts, np.int64))
        for series, newest_at, count, buckets, counts in rows
    ]


def sampled_instants(*, since: datetime) -> Iterable[datetime]:
    """The distinct times of all samples since an instant."""
    (times,) = fetched_columns(
        "SELECT array_agg(DISTINCT ts) FROM telemetry_sample WHERE ts >= %(since)s", {"since": since}
    )
    return map(instant, times.tolist())
