"""The SQL of a question: parts from roll-ups and raw samples, reduced per step and series, then over series.

A part is a window or a single sample. Hourly rows end where the first hour that is not rolled up begins, five-minute
rows where the first such window does, and raw samples have the rest: no sample is in two of them.
"""

from telemetry.core.sketch import bucket_sql
from telemetry.core.spec import Aggregation
from telemetry.store.grid import Resolution

_MEMBERS = "member (series_id, line) AS (SELECT * FROM unnest(%(series)s::bigint[], %(lines)s::int[]))"
_HOURS = """
SELECT series_id, start, count, sum, min, max, last, last_ts, increase, sketch_buckets, sketch_counts
FROM telemetry_rollup_1h JOIN member USING (series_id) WHERE start >= %(start)s AND start < %(hours_end)s
UNION ALL
"""
_WINDOWS = """
SELECT series_id, start, count, sum, min, max, last, last_ts, increase, sketch_buckets, sketch_counts
FROM telemetry_rollup_5m JOIN member USING (series_id) WHERE start >= %(windows_start)s AND start < %(raw_start)s
UNION ALL
"""
# A stale marker is a part without a value. A counter's first sample here rises from the last reading before it.
# Not a join with `member`: over a partition too new to have statistics that becomes a loop over every pair of rows.
_RAW = """
SELECT kept.series_id, ts - interval '1 microsecond', (value IS NOT NULL)::int, value, value, value, value, ts,
    CASE WHEN coalesce(before, baseline.last) <= value THEN value - coalesce(before, baseline.last)
        WHEN coalesce(before, baseline.last) > value THEN value END,
    NULL::int[], NULL::bigint[]
FROM (
    SELECT series_id, ts, value, {before} AS before FROM (
        SELECT DISTINCT ON (series_id, ts) series_id, ts, nullif(value, 'NaN') AS value
        FROM telemetry_sample WHERE series_id = ANY(%(series)s) AND ts > %(raw_start)s AND ts <= %(end)s
        ORDER BY series_id, ts, value = 'NaN', value DESC
    )
) kept {baseline}
"""
_BEFORE = "lag(value) OVER (PARTITION BY series_id, value IS NULL ORDER BY ts)"
_BASELINE = """
LEFT JOIN LATERAL (
    SELECT done.last FROM telemetry_rollup_5m done WHERE done.series_id = kept.series_id
        AND done.start < %(raw_start)s AND done.start >= %(raw_start)s::timestamptz - interval '1 hour'
    ORDER BY done.start DESC LIMIT 1
) baseline ON before IS NULL AND value IS NOT NULL
"""
_NO_BASELINE = "CROSS JOIN (SELECT NULL::float8 AS last) baseline"
_STEP = "floor(extract(epoch FROM start - %(start)s::timestamptz) / %(step_s)s)::int"
_REDUCED = {
    Aggregation.AVG: "sum(sum) / nullif(sum(count), 0)",
    Aggregation.SUM: "sum(sum)",
    Aggregation.MIN: "min(min)",
    Aggregation.MAX: "max(max)",
    Aggregation.COUNT: "nullif(sum(count), 0)::float8",
    Aggregation.LAST: "(array_agg(last ORDER BY last_ts DESC) FILTER (WHERE last IS NOT NULL))[1]",
    Aggregation.INCREASE: "sum(increase)",
    Aggregation.RATE: "sum(increase) / %(step_s)s",
}


def _parts(resolution: Resolution, *, rises: bool) -> str:
    raw = _RAW.format(
        before=_BEFORE if rises else "NULL::float8", baseline=_BASELINE if rises else _NO_BASELINE
    )
    rolled = {
        Resolution.RAW: "",
        Resolution.FIVE_MINUTES: _WINDOWS,
        Resolution.HOUR: _HOURS + _WINDOWS,
    }
    return (
        f"{_MEMBERS}, part (series_id, start, count, sum, min, max, last, last_ts, increase, sketch_buckets,"
        f" sketch_counts) AS ({rolled[resolution]}{raw})"
    )


def lines(resolution: Resolution, aggregation: Aggregation, combine: Aggregation) -> str:
    """Rows of (line, steps, values); a step that holds nothing but a stale marker has no value."""
    rises = aggregation in (Aggregation.INCREASE, Aggregation.RATE)
    return f"""
        WITH {_parts(resolution, rises=rises)}, reduced AS (
            SELECT series_id, {_STEP} AS step, {_REDUCED[aggregation]} AS value FROM part
            WHERE start >= %(start)s GROUP BY 1, 2
        ), combined AS (
            SELECT line, step, {combine}(value) AS value FROM reduced JOIN member USING (series_id) GROUP BY 1, 2
        )
        SELECT line, array_agg(step ORDER BY step), array_agg(value ORDER BY step) FROM combined
        GROUP BY line ORDER BY line
    """


def sketches(resolution: Resolution) -> str:
    """Rows of (line, step, buckets, counts)."""
    return f"""
        WITH {_parts(resolution, rises=False)}, held AS (
            SELECT series_id, {_STEP} AS step, bucket, n
            FROM part, unnest(sketch_buckets, sketch_counts) AS held (bucket, n) WHERE start >= %(start)s
            UNION ALL
            SELECT series_id, {_STEP}, {bucket_sql("last")}, 1 FROM part
            WHERE sketch_buckets IS NULL AND count = 1 AND last IS NOT NULL AND start >= %(raw_start)s
                AND start >= %(start)s
        ), merged AS (
            SELECT line, step, bucket, sum(n)::bigint AS n FROM held JOIN member USING (series_id) GROUP BY 1, 2, 3
        )
        SELECT line, step, array_agg(bucket ORDER BY bucket), array_agg(n ORDER BY bucket) FROM merged
        GROUP BY 1, 2 ORDER BY 1, 2
    """
