"""Windows of samples as rows: five minutes from samples, hours from those. A window is computed as a whole and again
whenever it is asked for (`telemetry.rollups` decides when)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from telemetry.binary import binary_cursor
from telemetry.core import rollup
from telemetry.core.instants import FIVE_MINUTES, HOUR
from telemetry.core.registry import registry
from telemetry.core.replicas import ReplicaComparison, are_of_replicas, numbers_of, series_of
from telemetry.store import partitions, replicas
from telemetry.store.blocks import SampleArrays, joined
from telemetry.store.raw import samples_of_replicas, samples_of_sources

# How far back the previous reading of a counter's increase may be.
LOOK_BACK = HOUR

_SERIES = """
SELECT array_agg(id), array_agg((kind IN ('counter', 'histogram'))::int::bigint),
    array_agg(id) FILTER (WHERE metric = ANY(%s)) FROM telemetry_series WHERE source_id = ANY(%s) AND id = ANY(%s)
"""
_STORE = """
INSERT INTO telemetry_rollup_5m AS done
    (series_id, start, last_ts, count, sum, min, max, last, increase, sketch_buckets, sketch_counts)
SELECT made.series_id, %(start)s, to_timestamp(last_s), count, sum, min, max, made.last,
    CASE WHEN made.counts = 0 THEN NULL WHEN baseline.last IS NULL THEN nullif(risen, 'NaN')
        ELSE coalesce(nullif(risen, 'NaN'), 0)
            + CASE WHEN first >= baseline.last THEN first - baseline.last ELSE first END END,
    sketch.buckets::int[], sketch.counts::bigint[]
FROM unnest(%(series)s::bigint[], %(counts)s::bigint[], %(last_s)s::float8[], %(count)s::bigint[], %(sum)s::float8[],
    %(min)s::float8[], %(max)s::float8[], %(first)s::float8[], %(last)s::float8[], %(risen)s::float8[])
    AS made (series_id, counts, last_s, count, sum, min, max, first, last, risen)
LEFT JOIN unnest(%(sketched)s::bigint[], %(buckets)s::text[], %(held)s::text[]) AS sketch (series_id, buckets, counts)
    ON sketch.series_id = made.series_id
LEFT JOIN LATERAL (
    SELECT earlier.last FROM telemetry_rollup_5m earlier
    WHERE earlier.series_id = made.series_id AND earlier.start >= %(oldest)s AND earlier.start < %(start)s
    ORDER BY earlier.start DESC LIMIT 1
) baseline ON made.counts = 1
"""
# Do not join the two: a new partition has no statistics, and the planner would run `sketch` for every row.
_5M_TO_1H = """
WITH part AS MATERIALIZED (
    SELECT part.* FROM telemetry_series series JOIN telemetry_rollup_5m part ON part.series_id = series.id
    WHERE series.source_id = ANY(%(sources)s) AND part.start >= %(start)s AND part.start < %(end)s
), sketch AS (
    SELECT series_id, array_agg(bucket ORDER BY bucket) AS buckets, array_agg(n ORDER BY bucket) AS counts
    FROM (
        SELECT series_id, bucket, sum(n)::bigint AS n
        FROM part, unnest(sketch_buckets, sketch_counts) AS held (bucket, n) GROUP BY 1, 2
    ) GROUP BY series_id
)
INSERT INTO telemetry_rollup_1h AS done
    (series_id, start, last_ts, count, sum, min, max, last, increase, sketch_buckets, sketch_counts)
SELECT series_id, %(start)s, max(last_ts), sum(count), sum(sum), min(min), max(max),
    (array_agg(last ORDER BY start DESC NULLS LAST))[1], sum(increase), min(buckets), min(counts)
FROM (
    SELECT series_id, start, last_ts, count, sum, min, max, last, increase,
        NULL::int[] AS buckets, NULL::bigint[] AS counts FROM part
    UNION ALL
    SELECT series_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, buckets, counts FROM sketch
) GROUP BY series_id ORDER BY series_id
{upsert}
"""
UPSERT = """
ON CONFLICT (series_id, start) DO UPDATE SET last_ts = excluded.last_ts, count = excluded.count, sum = excluded.sum,
    min = excluded.min, max = excluded.max, last = excluded.last, increase = excluded.increase,
    sketch_buckets = excluded.sketch_buckets, sketch_counts = excluded.sketch_counts
WHERE (done.last_ts, done.count, done.sum, done.min, done.max, done.last, done.increase) IS DISTINCT FROM
    (excluded.last_ts, excluded.count, excluded.sum, excluded.min, excluded.max, excluded.last, excluded.increase)
"""
_REVIVE = """
UPDATE telemetry_series series SET ended_at = NULL FROM telemetry_rollup_5m done
WHERE series.source_id = ANY(%(sources)s) AND series.ended_at IS NOT NULL AND done.series_id = series.id
    AND done.start = %(start)s AND done.last_ts > series.ended_at
"""


def write_five_minutes(
    start: datetime, sources: Collection[int], *, now: datetime
) -> dict[int, list[ReplicaComparison]]:
    """Returns how the replicas of each source compare."""
    samples = samples_of_sources(sources, after=start, until=start + FIVE_MINUTES)
    if not are_of_replicas(samples.series):
        _write_five_minutes(start, sources, samples)
        return {}
    if ends_ms := replicas.ends_of_series(samples):
        later = samples_of_replicas(list(ends_ms), after=start + FIVE_MINUTES, until=now)
        replicas.end_series(ends_ms, later)
    _write_five_minutes(start, sources, _read_of_replicas(samples, start))
    return replicas.compared(samples)


def _write_five_minutes(start: datetime, sources: Collection[int], samples: SampleArrays) -> None:
    series, ts_ms, value = samples
    if not len(series):
        return
    with binary_cursor() as cursor:
        arguments = [list(_sketched()), sorted(sources), np.unique(series)]
        ids, counts, sketched = cursor.execute(_SERIES, arguments).fetchone() or [None] * 3
        if ids is None:
            return
        mine = np.isin(series, ids)
        readings = rollup.once(series[mine], ts_ms[mine], value[mine])
        rows = rollup.rows(readings)
        if len(rows.series):
            partitions.ensure(partitions.FIVE_MINUTES, [start])
            sketches = [] if sketched is None else rollup.sketches(readings, sketched)
            counts = counts[np.argsort(ids)][np.searchsorted(np.sort(ids), rows.series)]
            cursor.execute(_STORE + UPSERT, _columns(start, rows, counts, sketches))
            cursor.execute(_REVIVE, {"sources": sorted(sources), "start": start})


def _read_of_replicas(stored: SampleArrays, start: datetime) -> SampleArrays:
    """Choose the samples of a window of which several replicas sent some. Those from before it show whether a counter
    that falls where one replica follows another began again."""
    several = np.unique(series_of(stored.series[numbers_of(stored.series) > 0]))
    earlier = samples_of_replicas(several, after=start - FIVE_MINUTES, until=start)
    return replicas.one_of_each(joined((earlier, stored))).cut(start, start + FIVE_MINUTES)


def _columns(
    start: datetime, rows: rollup.RollupRows, counts: NDArray[np.int64], sketches: Sequence[rollup.SketchRow]
) -> dict[str, Any]:
    return {
        "start": start,
        "oldest": start - LOOK_BACK,
        "series": rows.series,
        "counts": counts,
        "last_s": rows.last_ts / 1000,
        **{name: getattr(rows, name) for name in ("count", "sum", "min", "max", "first", "last", "risen")},
        # Arrays of different lengths travel as text.
        "sketched": [series for series, _, _ in sketches],
        "buckets": [_array(buckets) for _, buckets, _ in sketches],
        "held": [_array(counts) for _, _, counts in sketches],
    }


def _array(numbers: NDArray[Any]) -> str:
    return f"{{{','.join(map(str, numbers.tolist()))}}}"


def write_hour(start: datetime, sources: Iterable[int]) -> None:
    partitions.ensure(partitions.HOURS, [start])
    values: dict[str, Any] = {"start": start, "end": start + HOUR, "sources": sorted(sources)}
    with connection.cursor() as cursor:
        cursor.execute(_5M_TO_1H.format(upsert=UPSERT), values)


@cache
def _sketched() -> tuple[str, ...]:
    return tuple(name for name, metric in registry().names.items() if metric.sketch)
