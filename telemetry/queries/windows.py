"""Means over windows, and the readings of a day as sketches."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry import store
from telemetry.core import rollup
from telemetry.core.instants import floor, instant, ms
from telemetry.core.labels import NAME
from telemetry.core.registry import registry
from telemetry.core.rows import SERIES_COLUMNS, DailySketch, WindowMeans
from telemetry.core.sketch import quantile_by_step
from telemetry.core.spec import Matcher
from telemetry.queries.selection import Selection, select

FIVE_MINUTES_S = 300
PARTS_OF_HOUR = 12


def window_means(
    site_ids: Iterable[int],
    metrics: Iterable[str],
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    step_s: int = FIVE_MINUTES_S,
    matchers: Sequence[Matcher] = (),
    fill_by_hours: bool = True,
) -> list[WindowMeans]:
    """Mean readings in each window (start + i step, start + (i + 1) step] up to `end`; series without readings are left
    out. Steps that are not a divisor or multiple of five minutes are read from raw samples, as long as those are kept.

    Hours fill in where five minutes are no longer kept. Without `fill_by_hours` a series that just fell silent stays
    without readings, also if an earlier part of its hour has some.
    """
    selection = select(site_ids, metrics, matchers)
    from_rollups = step_s % FIVE_MINUTES_S == 0
    means = _Means(selection, start, end, FIVE_MINUTES_S if from_rollups else step_s)
    bounds = _bounds(start, end, now, from_rollups=from_rollups)
    if from_rollups:
        before = bounds.rolled_end
        means.add_windows(*store.windows(means.ids, "sum", "count", "last_ts", since=start, before=before))
        if fill_by_hours:
            first_hour = start.replace(minute=0, second=0, microsecond=0)
            means.fill_hours(
                *store.windows(
                    means.ids, "sum", "count", "last_ts", since=first_hour, before=before, hourly=True
                )
            )
    means.add_samples(*store.samples(means.ids, after=bounds.raw_start, until=bounds.raw_end))
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
        rows, columns = self._row_numbers(series), self._columns(start_ms)
        self._sums[rows, columns] += total
        self._counts[rows, columns] += count
        np.maximum.at(self.newest, rows, last_ms.astype(np.int64))

    def fill_hours(
        self,
        series: NDArray[Any],
        start_ms: NDArray[Any],
        total: NDArray[Any],
        count: NDArray[Any],
        last_ms: NDArray[Any],
    ) -> None:
        """Use the hourly mean for each window of an hour in which a series has no readings."""
        rows, columns = self._row_numbers(series), self._columns(start_ms)
        parts = columns[:, None] + np.arange(PARTS_OF_HOUR)
        inside = (parts >= 0) & (parts < self._counts.shape[1])
        parts = np.where(inside, parts, 0)
        empty = ~((self._counts[rows[:, None], parts] > 0) & inside).any(axis=1)
        is_filled = inside & empty[:, None]
        at = np.broadcast_to(rows[:, None], parts.shape)[is_filled], parts[is_filled]
        self._sums[at] = np.broadcast_to((total / count)[:, None], parts.shape)[is_filled]
        self._counts[at] = 1
        np.maximum.at(self.newest, rows[empty], last_ms[empty].astype(np.int64))

    def add_samples(self, series: NDArray[Any], ts_ms: NDArray[Any], value: NDArray[Any]) -> None:
        readings = rollup.once(series, ts_ms, value)
        rows, columns = self._row_numbers(readings.series), self._columns(readings.ts - 1)
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

    def _row_numbers(self, series: NDArray[Any]) -> NDArray[np.intp]:
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
    bounds = _bounds(start, start + timedelta(days=1), now, from_rollups=True)
    rows = selection.rows_by_id()
    return [
        DailySketch(*rows[sketch.series_id], *sketch[1:])
        for sketch in store.sketches(
            selection.ids,
            start=start,
            # A day of hours is a twelfth of the rows.
            hours_end=min(store.hours_rolled_up_to(now), bounds.rolled_end),
            rolled_end=bounds.rolled_end,
            raw_start=bounds.raw_start,
            raw_end=bounds.raw_end,
        )
    ]


class ReadBounds(NamedTuple):
    """Roll-ups cover windows that start before `rolled_end`; raw samples cover the rest, or everything."""

    rolled_end: datetime
    raw_start: datetime
    raw_end: datetime


def _bounds(start: datetime, end: datetime, now: datetime, *, from_rollups: bool) -> ReadBounds:
    latest_end = floor(end) + timedelta(seconds=FIVE_MINUTES_S)
    rolled_end = min(max(store.rolled_up_to(now), floor(start)), latest_end)
    return ReadBounds(rolled_end, max(rolled_end, start) if from_rollups else start, min(end, now))


_LABELS, _METRIC = SERIES_COLUMNS.index("labels"), SERIES_COLUMNS.index("metric")
_SITE, _PROVENANCE = SERIES_COLUMNS.index("site_id"), SERIES_COLUMNS.index("provenance")


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
    series_bounds = (
        (row[0], registry().bound({NAME: row[_METRIC], **row[_LABELS]})) for row in selection.rows
    )
    bounds = {series_id: bound for series_id, bound in series_bounds if bound is not None}
    if not bounds:
        return []
    before = min(end, store.rolled_up_to(now))
    series, windows, rise, last_ms = store.windows(
        selection.ids, "increase", "last_ts", since=start, before=before
    )
    rows = selection.rows_by_id()
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
    counts = np.zeros(sums.shape, np.int64)
    np.add.at(sums, (row, column), rise.astype(np.float64))
    np.add.at(counts, (row, column), 1)
    answer = quantile_by_step(q, distinct, np.where(counts > 0, sums, np.nan))
    return answer[np.isfinite(answer)]
