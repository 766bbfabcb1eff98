"""Roll-ups: five-minute rows from samples, hourly rows from those.

A window is computed as a whole from all its samples whenever a claim says that it has new ones, so each sample counts
once, even if it was repeated, late or out of order. A window holds the samples after its start up to its end. Of two
values at one instant the larger is kept, and a reading outranks a stale marker; this does not depend on the order of
arrival.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from time import perf_counter
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from telemetry import partitions
from telemetry.binary import binary_cursor
from telemetry.core import rollup
from telemetry.core.registry import registry
from telemetry.models import DirtyWindow, LateDay, Series

# Senders may deliver a window's last samples this long after its end.
GRACE = timedelta(seconds=30)
FIVE_MINUTES = timedelta(minutes=5)
HOUR = timedelta(hours=1)
# How far back the previous reading of a counter's increase may be.
LOOK_BACK = HOUR
# Number of windows in one transaction.
AT_ONCE = 12
# One roll-up at a time in a schema: of two for the same window, the one with fewer samples could write last.
_ROLLING_UP = 7_301_002
_TAKE_TURN = "SELECT pg_try_advisory_xact_lock(%s, current_schema()::regnamespace::oid::int)"

# Compute each array once: with a join, a planner that assumes an empty table computes them for every row.
_CLAIM = """
DELETE FROM telemetry_dirtywindow WHERE id = ANY(ARRAY(
    SELECT id FROM telemetry_dirtywindow WHERE width_s = %(width_s)s AND start = ANY(ARRAY(
        SELECT DISTINCT start FROM telemetry_dirtywindow WHERE width_s = %(width_s)s AND start <= %(newest)s
        ORDER BY start LIMIT %(limit)s
    )) FOR UPDATE SKIP LOCKED
)) RETURNING start, source_id
"""
_SERIES = """
SELECT array_agg(id), array_agg((kind IN ('counter', 'histogram'))::int::bigint),
    array_agg(id) FILTER (WHERE metric = ANY(%s)) FROM telemetry_series WHERE source_id = ANY(%s) AND id = ANY(%s)
"""
_SAMPLES = """
SELECT array_agg(series_id), array_agg(ts), array_agg(value)
FROM telemetry_sample WHERE ts > %s AND ts <= %s
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
_UPSERT = """
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

type Windows = dict[datetime, set[int]]


def roll_up(*, now: datetime, budget_s: float = 20.0) -> int:
    started = perf_counter()
    partitions.summarise(partitions.SAMPLES, [now, now - LOOK_BACK])
    total = 0
    while perf_counter() - started < budget_s:
        done = _roll_up_some(now)
        total += done
        if not done:
            break
    return total


@transaction.atomic
def _roll_up_some(now: datetime) -> int:
    with connection.cursor() as cursor:
        # Parallel workers would pass their share on as arrays, which doubles the cost of reading.
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        cursor.execute(_TAKE_TURN, [_ROLLING_UP])
        if not cursor.fetchone()[0]:
            return 0
    windows = _claim(DirtyWindow.Width.FIVE_MINUTES, now - GRACE - FIVE_MINUTES)
    for start, sources in sorted(_with_successors(windows, now).items()):
        _write_5m(start, sources)
    _claim_hours(windows)
    _claim_late_days(windows, now)
    hours = _claim(DirtyWindow.Width.HOUR, now - GRACE - HOUR)
    for start, sources in sorted(hours.items()):
        _write_1h(start, sources)
    return len(windows) + len(hours)


def _claim(width: int, newest: datetime) -> Windows:
    windows: Windows = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"width_s": int(width), "newest": newest, "limit": AT_ONCE})
        for start, source_id in cursor.fetchall():
            windows[start].add(source_id)
    return windows


def _with_successors(windows: Windows, now: datetime) -> Windows:
    """Add the windows whose counters rose from a reading in these: late samples may change that reading. Windows with
    their own claim are computed when that claim is taken."""
    wider: Windows = defaultdict(set, {start: set(sources) for start, sources in windows.items()})
    if not windows:
        return wider
    closed = now - GRACE - FIVE_MINUTES
    claimed = set(
        DirtyWindow.objects.filter(
            width_s=DirtyWindow.Width.FIVE_MINUTES, start__gt=min(windows), start__lte=closed
        )
        .values_list("start", "source_id")
        .distinct()
    )
    for start, sources in windows.items():
        after = start + FIVE_MINUTES
        while after <= min(start + LOOK_BACK, closed):
            wider[after] |= {source for source in sources if (after, source) not in claimed}
            after += FIVE_MINUTES
    return {start: sources for start, sources in wider.items() if sources}


def _write_5m(start: datetime, sources: Iterable[int]) -> None:
    with binary_cursor() as cursor:
        series, ts_ms, value = (
            cursor.execute(_SAMPLES, [start, start + FIVE_MINUTES]).fetchone() or [None] * 3
        )
        if series is None:
            return
        asked = [list(_sketched()), sorted(sources), np.unique(series)]
        ids, counts, sketched = cursor.execute(_SERIES, asked).fetchone() or [None] * 3
        if ids is None:
            return
        mine = np.isin(series, ids)
        readings = rollup.once(series[mine], ts_ms[mine], value[mine])
        made = rollup.rows(readings)
        if len(made.series):
            partitions.ensure(partitions.FIVE_MINUTES, [start])
            held = [] if sketched is None else rollup.sketches(readings, sketched)
            counts = counts[np.argsort(ids)][np.searchsorted(np.sort(ids), made.series)]
            cursor.execute(_STORE + _UPSERT, _columns(start, made, counts, held))
            cursor.execute(_REVIVE, {"sources": sorted(sources), "start": start})


def _columns(
    start: datetime, made: rollup.RollupRows, counts: NDArray[np.int64], sketches: Sequence[rollup.SketchRow]
) -> dict[str, Any]:
    return {
        "start": start,
        "oldest": start - LOOK_BACK,
        "series": made.series,
        "counts": counts,
        "last_s": made.last_ts / 1000,
        **{name: getattr(made, name) for name in ("count", "sum", "min", "max", "first", "last", "risen")},
        # Arrays of different lengths travel as text.
        "sketched": [series for series, _, _ in sketches],
        "buckets": [_array(buckets) for _, buckets, _ in sketches],
        "held": [_array(counts) for _, _, counts in sketches],
    }


def _array(numbers: NDArray[Any]) -> str:
    return f"{{{','.join(map(str, numbers.tolist()))}}}"


def _write_1h(start: datetime, sources: Iterable[int]) -> None:
    partitions.ensure(partitions.HOURS, [start])
    values: dict[str, Any] = {"start": start, "end": start + HOUR, "sources": sorted(sources)}
    with connection.cursor() as cursor:
        cursor.execute(_5M_TO_1H.format(upsert=_UPSERT), values)


def _claim_hours(windows: Windows) -> None:
    hours = {(start.replace(minute=0), source) for start, sources in windows.items() for source in sources}
    DirtyWindow.objects.bulk_create(
        DirtyWindow(source_id=source, start=start, width_s=DirtyWindow.Width.HOUR)
        for start, source in sorted(hours)
    )


def _claim_late_days(windows: Windows, now: datetime) -> None:
    today = now.astimezone(UTC).date()
    sources_of_day: dict[Any, set[int]] = defaultdict(set)
    for start, sources in windows.items():
        if start.date() < today:
            sources_of_day[start.date()] |= sources
    for day, sources in sorted(sources_of_day.items()):
        sites = Series.objects.filter(source__in=sources, site__isnull=False).order_by("site")
        LateDay.objects.bulk_create(
            LateDay(site_id=site_id, on_date=day)
            for site_id in sites.values_list("site_id", flat=True).distinct()
        )


@cache
def _sketched() -> tuple[str, ...]:
    return tuple(name for name, metric in registry().names.items() if metric.sketch)
