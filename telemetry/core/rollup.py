"""Samples of a window to one row per series: the arithmetic of roll-ups.

Each sample counts once: of several at one instant, the largest reading is kept, and a reading outranks a stale marker
(a NaN). This does not depend on the order of arrival, so computing a window again gives the same row.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telemetry.core.ordering import is_later, order
from telemetry.core.sketch import bucket_of


@dataclass(frozen=True, slots=True, eq=False)
class RollupRows:
    """One entry for each series with a reading, ascending. `risen` is the rise of a counter between the readings here
    (from zero after a restart); NaN for a single reading. `first` and `last` are readings, `last_ts` a time."""

    series: NDArray[np.int64]
    last_ts: NDArray[np.int64]
    count: NDArray[np.int64]
    sum: NDArray[np.float64]
    min: NDArray[np.float64]
    max: NDArray[np.float64]
    first: NDArray[np.float64]
    last: NDArray[np.float64]
    risen: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SeriesReadings:
    """Samples sorted by series and time, each once, without markers; series `i` begins at `starts[i]`."""

    series: NDArray[np.int64]
    ts: NDArray[np.int64]
    value: NDArray[np.float64]
    starts: NDArray[np.intp]


def once(series: NDArray[np.int64], ts: NDArray[np.int64], value: NDArray[np.float64]) -> SeriesReadings:
    # Samples of blocks are in order already.
    if not is_later(series, ts).all():
        places = order(series, ts)
        series, ts, value = series[places], ts[places], value[places]
        firsts = np.flatnonzero(np.append(True, is_later(series, ts)))
        if len(firsts) < len(series):
            # Not fmax: it returns NaN for a signalling NaN, such as a stale marker.
            largest = np.maximum.reduceat(np.where(np.isnan(value), -np.inf, value), firsts)
            series, ts, value = series[firsts], ts[firsts], np.where(np.isneginf(largest), np.nan, largest)
    real = ~np.isnan(value)
    if not real.all():
        series, ts, value = series[real], ts[real], value[real]
    new = np.append(True, series[1:] != series[:-1]) if len(series) else np.empty(0, np.bool_)
    return SeriesReadings(series, ts, value, np.flatnonzero(new))


def steps(
    readings: SeriesReadings, baseline: NDArray[np.float64] | None = None, *, unknown: float = 0.0
) -> NDArray[np.float64]:
    """Return the rise of a counter to each reading from the one before it; from zero after a restart. `baseline` has
    the reading before the first one here for each series; NaN gives `unknown`."""
    value, starts = readings.value, readings.starts
    before = np.append(np.nan, value[:-1])
    before[starts] = np.nan if baseline is None else baseline
    return np.where(np.isnan(before), unknown, np.where(value >= before, value - before, value))


def elapsed_s(readings: SeriesReadings, baseline_ms: NDArray[np.float64]) -> NDArray[np.float64]:
    before = np.append(np.nan, readings.ts[:-1].astype(np.float64))
    before[readings.starts] = baseline_ms
    elapsed: NDArray[np.float64] = (readings.ts - before) / 1000
    return elapsed


def rows(readings: SeriesReadings) -> RollupRows:
    value, starts = readings.value, readings.starts
    if not len(value):
        nothing, none = np.empty(0, np.int64), np.empty(0)
        return RollupRows(nothing, nothing, nothing, none, none, none, none, none, none)
    ends = np.append(starts[1:], len(value)) - 1
    count = ends - starts + 1
    return RollupRows(
        series=readings.series[starts],
        last_ts=readings.ts[ends],
        count=count,
        sum=np.add.reduceat(value, starts),
        min=np.minimum.reduceat(value, starts),
        max=np.maximum.reduceat(value, starts),
        first=value[starts],
        last=value[ends],
        risen=np.where(count > 1, np.add.reduceat(steps(readings), starts), np.nan),
    )


# A series, buckets, and how many readings each holds.
type SketchRow = tuple[int, NDArray[np.int32], NDArray[np.int64]]


def sketches(readings: SeriesReadings, sketched_ids: NDArray[np.int64]) -> list[SketchRow]:
    is_sketched = np.isin(readings.series, sketched_ids)
    if not is_sketched.any():
        return []
    pairs = np.stack(
        (readings.series[is_sketched], bucket_of(readings.value[is_sketched]).astype(np.int64)), axis=1
    )
    cells, counts = np.unique(pairs, axis=0, return_counts=True)
    starts = np.flatnonzero(np.append(True, cells[1:, 0] != cells[:-1, 0]))
    return [
        (
            int(cells[start, 0]),
            cells[start:end, 1].astype(np.int32),
            counts[start:end].astype(np.int64),
        )
        for start, end in zip(starts, np.append(starts[1:], len(cells)), strict=True)
    ]
