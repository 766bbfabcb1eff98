"""Means over windows, and a day's readings as sketches."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np

from telemetry.core.sketch import bucket_sql
from telemetry.core.spec import Matcher
from telemetry.queries.rows import DailySketch, WindowMeans
from telemetry.queries.selection import (
    Values,
    fetch,
    floor,
    hours_rolled_up_to,
    rolled_up_to,
    series_columns,
    wanted,
)

FIVE_MINUTES_S = 300

# Five-minute rows, hourly rows where a series has no five-minute ones (they are kept longer), and what is raw still.
_ROLLED = """
    SELECT done.series_id, start, 1 AS windows, sum, count::bigint, last_ts FROM wanted JOIN telemetry_rollup_5m done
        ON done.series_id = wanted.series_id AND start >= %(start)s AND start < %(rolled_end)s
    UNION ALL
    SELECT hour.series_id, part, 12, sum / count, 1, last_ts FROM wanted JOIN telemetry_rollup_1h hour
        ON hour.series_id = wanted.series_id AND hour.start >= %(first_hour)s AND hour.start < %(rolled_end)s
        AND NOT EXISTS (
            SELECT FROM telemetry_rollup_5m done WHERE done.series_id = hour.series_id
                AND done.start >= hour.start AND done.start < hour.start + interval '1 hour'
        )
        CROSS JOIN LATERAL generate_series(
            hour.start, hour.start + interval '55 minutes', interval '5 minutes') AS part
    WHERE part >= %(start)s AND part < %(rolled_end)s
    UNION ALL
"""
_MEANS = """
WITH {wanted}, kept AS MATERIALIZED (
    SELECT DISTINCT ON (series_id, ts) series_id, ts, value FROM telemetry_sample
    WHERE ts > %(raw_start)s AND ts <= %(raw_end)s AND value <> 'NaN' AND series_id IN (SELECT series_id FROM wanted)
    ORDER BY series_id, ts, value DESC
), part (series_id, start, windows, sum, count, last_ts) AS ({rolled}
    SELECT series_id, ts - interval '1 microsecond', 1, value, 1, ts FROM kept
), step AS (
    SELECT series_id, floor(extract(epoch FROM start - %(start)s::timestamptz) / %(step_s)s)::int AS place,
        sum(sum) / sum(count) AS mean, max(last_ts) AS newest
    FROM part GROUP BY 1, 2
)
SELECT {columns}, newest, places, means FROM wanted JOIN (
    SELECT series_id, max(newest) AS newest, array_agg(place) AS places, array_agg(mean) AS means
    FROM step GROUP BY series_id
) line USING (series_id) ORDER BY 1
"""
_SKETCHES = """
WITH {wanted}, kept AS MATERIALIZED (
    SELECT DISTINCT ON (series_id, ts) series_id, ts, value FROM telemetry_sample
    WHERE ts > %(raw_start)s AND ts <= %(raw_end)s AND value <> 'NaN' AND series_id IN (SELECT series_id FROM wanted)
    ORDER BY series_id, ts, value DESC
), rolled AS MATERIALIZED (
    SELECT hour.series_id, last_ts, sketch_buckets, sketch_counts FROM wanted JOIN telemetry_rollup_1h hour
        ON hour.series_id = wanted.series_id AND start >= %(start)s AND start < %(hours_end)s
    UNION ALL
    SELECT done.series_id, last_ts, sketch_buckets, sketch_counts FROM wanted JOIN telemetry_rollup_5m done
        ON done.series_id = wanted.series_id AND start >= greatest(%(start)s, %(hours_end)s) AND start < %(rolled_end)s
), part AS (
    SELECT series_id, bucket, n, last_ts FROM rolled, unnest(sketch_buckets, sketch_counts) AS held (bucket, n)
    UNION ALL
    SELECT series_id, {bucket}, 1, ts FROM kept
), merged AS (
    SELECT series_id, bucket, sum(n)::bigint AS n, max(last_ts) AS newest FROM part GROUP BY 1, 2
)
SELECT {columns}, newest, samples, buckets, counts FROM wanted JOIN (
    SELECT series_id, max(newest) AS newest, sum(n)::bigint AS samples, array_agg(bucket ORDER BY bucket) AS buckets,
        array_agg(n ORDER BY bucket) AS counts
    FROM merged GROUP BY series_id
) line USING (series_id) ORDER BY 1
"""


def window_means(
    site_ids: Iterable[int],
    metrics: Iterable[str],
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    step_s: int = FIVE_MINUTES_S,
    matchers: Sequence[Matcher] = (),
) -> list[WindowMeans]:
    """Mean readings in each window (start + i step, start + (i + 1) step] up to `end`; series without any are left out.

    Steps that five minutes do not divide are read from raw samples, as long as those are kept.
    """
    part, values = wanted(site_ids, metrics, matchers)
    from_rollups = step_s % FIVE_MINUTES_S == 0
    statement = _MEANS.format(wanted=part, columns=series_columns(), rolled=_ROLLED if from_rollups else "")
    times = _times(start, end, now, from_rollups=from_rollups)
    steps = int(-((start - end).total_seconds() // step_s))
    means = []
    for *series, newest, places, found in fetch(statement, values | times | {"step_s": step_s}):
        line = np.full(steps, np.nan)
        line[places] = found
        means.append(WindowMeans(*series, newest, line))
    return means


def daily_sketches(
    site_ids: Iterable[int],
    metrics: Iterable[str],
    *,
    day: date,
    now: datetime,
    matchers: Sequence[Matcher] = (),
) -> list[DailySketch]:
    """The readings of each series over a UTC day, up to `now`. For metrics that the registry flags for a sketch."""
    part, values = wanted(site_ids, metrics, matchers)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    times = _times(start, start + timedelta(days=1), now, from_rollups=True)
    # A day of hours is a twelfth of the rows.
    times["hours_end"] = min(hours_rolled_up_to(now), times["rolled_end"])
    statement = _SKETCHES.format(wanted=part, columns=series_columns(), bucket=bucket_sql("value"))
    return [
        DailySketch(*series, np.array(buckets, np.int32), np.array(counts, np.int64))
        for *series, buckets, counts in fetch(statement, values | times)
    ]


def _times(start: datetime, end: datetime, now: datetime, *, from_rollups: bool) -> Values:
    """Roll-ups have what starts before `rolled_end`; raw samples have what comes after it, or everything."""
    rolled_end = min(max(rolled_up_to(now), floor(start)), floor(end) + timedelta(seconds=FIVE_MINUTES_S))
    return {
        "start": start,
        "first_hour": start.replace(minute=0, second=0, microsecond=0),
        "rolled_end": rolled_end,
        "raw_start": max(rolled_end, start) if from_rollups else start,
        "raw_end": min(end, now),
    }
