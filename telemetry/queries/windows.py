"""Means over windows, and the readings of a day as sketches."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.core import rollup
from telemetry.core.instants import instant, ms
from telemetry.core.labels import NAME
from telemetry.core.registry import registry
from telemetry.core.sketch import bucket_sql, quantile_by_step
from telemetry.core.spec import Matcher
from telemetry.queries.rows import SERIES_COLUMNS, DailySketch, WindowMeans
from telemetry.queries.selection import (
    Selection,
    Values,
    fetch,
    fetch_columns,
    floor,
    hours_rolled_up_to,
    rolled_up_to,
    select,
)

FIVE_MINUTES_S = 300
PARTS_OF_HOUR = 12

_WINDOWS = """
SELECT array_agg(series_id), array_agg(start), array_agg(sum), array_agg(count::float8), array_agg(last_ts)
FROM telemetry_rollup_5m WHERE series_id = ANY(%(ids)s) AND start >= %(start)s AND start < %(rolled_end)s
"""
_HOURS = """
SELECT array_agg(series_id), array_agg(start), array_agg(sum / count), array_agg(last_ts)
FROM telemetry_rollup_1h WHERE series_id = ANY(%(ids)s) AND start >= %(first_hour)s AND start < %(rolled_end)s
"""
_RAW = """
SELECT array_agg(series_id), array_agg(ts), array_agg(value) FROM telemetry_sample
WHERE ts > %(raw_start)s AND ts <= %(raw_end)s AND value <> 'NaN' AND series_id = ANY(%(ids)s)
"""
_SKETCHES = """
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
    SELECT series_id, {bucket}, 1, ts FROM kept
), merged AS (
    SELECT series_id, bucket, sum(n)::bigint AS n, max(last_ts) AS newest FROM part GROUP BY 1, 2
)
SELECT series_id, max(newest), sum(n)::bigint, array_agg(bucket ORDER BY bucket), array_agg(n ORDER BY bucket)
FROM merged GROUP BY series_id ORDER BY series_id
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
    """Mean readings in each window (start + i step, start + (i + 1) step] up to `end`; series without readings are left
    out. Steps that are not a divisor or multiple of five minutes are read from raw samples, as long as those are kept.
    """
    selection = select(site_ids, metrics, matchers)
    from_rollups = step_s % FIVE_MINUTES_S == 0
    means = _Means(selection, start, end, FIVE_MINUTES_S if from_rollups else step_s)
    times = _times(start, end, now, from_rollups=from_rollups) | {"ids": means.ids}
    if from_rollups:
        means.add_windows(*fetch_columns(_WINDOWS, times))
        means.fill_hours(*fetch_columns(_HOURS, times))
    means.add_samples(*fetch_columns(_RAW, times))
    lines = means.per_step(step_s // means.grid_s, -int((start - end).total_seconds() // step_s))
    return [
        WindowMeans(*row, instant(newest), line)
        for row, newest, line in zip(selection.rows, means.newest, lines, strict=True)
        if newest
    ]


class _Means:
    """Sums and counts of each series (rows) in windows of `grid_s` after `start` (columns), as they arrive."""

    def __init__(self, selection: Selection, start: datetime, end: datetime, grid_s: int) -> None:
        self.grid_s = grid_s
        self.ids = selection.ids
        self._start_ms = ms(start)
        windows = -int((start - end).total_seconds() // grid_s)
        self._sums = np.zeros((len(self.ids), windows))
        self._counts = np.zeros((len(self.ids), windows))
        self.newest = np.zeros(len(self.ids), np.int64)

    def add_windows(
        self,
        series: NDArray[Any],
        start_ms: NDArray[Any],
        total: NDArray[Any],
        count: NDArray[Any],
        last_ms: NDArray[Any],
    ) -> None:
        rows, columns = self._rows(series), self._columns(start_ms)
        self._sums[rows, columns] += total
        self._counts[rows, columns] += count
        np.maximum.at(self.newest, rows, last_ms.astype(np.int64))

    def fill_hours(
        self, series: NDArray[Any], start_ms: NDArray[Any], mean: NDArray[Any], last_ms: NDArray[Any]
    ) -> None:
        """Use the hourly mean for each window of an hour in which a series has no readings."""
        rows, columns = self._rows(series), self._columns(start_ms)
        parts = columns[:, None] + np.arange(PARTS_OF_HOUR)
        inside = (parts >= 0) & (parts < self._counts.shape[1])
        parts = np.where(inside, parts, 0)
        empty = ~((self._counts[rows[:, None], parts] > 0) & inside).any(axis=1)
        chosen = inside & empty[:, None]
        at = np.broadcast_to(rows[:, None], parts.shape)[chosen], parts[chosen]
        self._sums[at] = np.broadcast_to(mean[:, None], parts.shape)[chosen]
        self._counts[at] = 1
        np.maximum.at(self.newest, rows[empty], last_ms[empty].astype(np.int64))

    def add_samples(self, series: NDArray[Any], ts_ms: NDArray[Any], value: NDArray[Any]) -> None:
        readings = rollup.once(series, ts_ms, value)
        rows, columns = self._rows(readings.series), self._columns(readings.ts - 1)
        np.add.at(self._sums, (rows, columns), readings.value)
        np.add.at(self._counts, (rows, columns), 1)
        np.maximum.at(self.newest, rows, readings.ts.astype(np.int64))

    def per_step(self, windows: int, steps: int) -> NDArray[np.float64]:
        spare = steps * windows - self._sums.shape[1]
        sums, counts = (
            np.pad(part, ((0, 0), (0, spare))).reshape(len(self.ids), steps, windows).sum(axis=2)
            for part in (self._sums, self._counts)
        )
        return np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)

    def _rows(self, series: NDArray[Any]) -> NDArray[np.intp]:
        return np.searchsorted(self.ids, series)

    def _columns(self, ms: NDArray[Any]) -> NDArray[np.int64]:
        return (ms.astype(np.int64) - self._start_ms) // (self.grid_s * 1000)


def daily_sketches(
    site_ids: Iterable[int],
    metrics: Iterable[str],
    *,
    day: date,
    now: datetime,
    matchers: Sequence[Matcher] = (),
) -> list[DailySketch]:
    selection = select(site_ids, metrics, matchers)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    times = _times(start, start + timedelta(days=1), now, from_rollups=True) | {"ids": selection.ids}
    # A day of hours is a twelfth of the rows.
    times["hours_end"] = min(hours_rolled_up_to(now), times["rolled_end"])
    rows = selection.by_id()
    return [
        DailySketch(*rows[series], newest, samples, np.array(buckets, np.int32), np.array(counts, np.int64))
        for series, newest, samples, buckets, counts in fetch(
            _SKETCHES.format(bucket=bucket_sql("value")), times
        )
    ]


def _times(start: datetime, end: datetime, now: datetime, *, from_rollups: bool) -> Values:
    """Roll-ups cover windows that start before `rolled_end`; raw samples cover the rest, or everything."""
    rolled_end = min(max(rolled_up_to(now), floor(start)), floor(end) + timedelta(seconds=FIVE_MINUTES_S))
    return {
        "start": start,
        "first_hour": start.replace(minute=0, second=0, microsecond=0),
        "rolled_end": rolled_end,
        "raw_start": max(rolled_end, start) if from_rollups else start,
        "raw_end": min(end, now),
    }


_LABELS, _METRIC = SERIES_COLUMNS.index("labels"), SERIES_COLUMNS.index("metric")
_SITE, _PROVENANCE = SERIES_COLUMNS.index("site_id"), SERIES_COLUMNS.index("provenance")
_RISES = """
SELECT array_agg(series_id), array_agg(start), array_agg(increase), array_agg(last_ts) FROM telemetry_rollup_5m
WHERE series_id = ANY(%(ids)s) AND start >= %(start)s AND start < %(end)s AND increase IS NOT NULL
"""


class WindowQuantiles(NamedTuple):
    """A value for each window with observations at a site, in the registry's unit; `key` is the caller's."""

    site_id: int
    key: str
    provenances: frozenset[str]
    newest_at: datetime
    values: NDArray[np.float64]


def window_quantiles(
    site_ids: Iterable[int],
    families: Mapping[str, Sequence[str]],
    *,
    q: float,
    start: datetime,
    end: datetime,
    now: datetime,
) -> list[WindowQuantiles]:
    """Return quantiles of the named histograms, added up over all series of a site: several engines serve as one.
    Counts windows that start in [start, end) and are rolled up by `now`. Three statements for any number of sites."""
    key_of = {f"{name}_bucket": key for key, names in families.items() for name in names}
    selection = select(site_ids, key_of)
    known = ((row[0], registry().bound({NAME: row[_METRIC], **row[_LABELS]})) for row in selection.rows)
    bounds = {series_id: bound for series_id, bound in known if bound is not None}
    if not bounds:
        return []
    values = {"ids": selection.ids, "start": start, "end": min(end, rolled_up_to(now))}
    series, windows, rise, last_ms = fetch_columns(_RISES, values)
    rows = selection.by_id()
    members: dict[tuple[int, str], list[int]] = defaultdict(list)
    for series_id in bounds:
        members[rows[series_id][_SITE], key_of[rows[series_id][_METRIC]]].append(series_id)
    results = []
    for (site_id, key), ids in sorted(members.items()):
        own = np.isin(series, ids)
        if not own.any():
            continue
        quantiles = _quantiles(q, series[own], windows[own], rise[own], bounds)
        if len(quantiles):
            provenances = frozenset(rows[series_id][_PROVENANCE] for series_id in ids)
            newest_at = instant(float(last_ms[own].max()))
            results.append(WindowQuantiles(site_id, key, provenances, newest_at, quantiles))
    return results


def _quantiles(
    q: float,
    series: NDArray[Any],
    windows: NDArray[Any],
    rise: NDArray[Any],
    bounds: Mapping[int, float],
) -> NDArray[np.float64]:
    starts, row = np.unique(windows, return_inverse=True)
    distinct, column = np.unique([bounds[series_id] for series_id in series.tolist()], return_inverse=True)
    sums = np.zeros((len(starts), len(distinct)))
    said = np.zeros(sums.shape, np.int64)
    np.add.at(sums, (row, column), rise.astype(np.float64))
    np.add.at(said, (row, column), 1)
    answer = quantile_by_step(q, distinct, np.where(said > 0, sums, np.nan))
    return answer[np.isfinite(answer)]
