"""Answers a query from Muster's own tables."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from telemetry.core.instants import ms
from telemetry.core.metric import MetricKind
from telemetry.core.registry import BOUND, registry
from telemetry.core.sketch import quantile_by_step
from telemetry.core.spec import Aggregation, QuerySpec, SpecError
from telemetry.store.lines import LineGroup, SeriesPoints, StoredSeries, find, group
from telemetry.store.parts import (
    FIVE_MINUTES_S,
    HOUR_S,
    Grid,
    PartReader,
    Resolution,
    SummandParts,
    grid_for,
    quantiles,
    reduce,
)

# Readings or windows of one statement: each takes about a hundred bytes until it is reduced to steps.
MOST_READ = 75_000


def run(spec: QuerySpec, *, now: datetime) -> list[SeriesPoints]:
    grid = grid_for(spec, now)
    names = registry().expand(spec.metric)
    if spec.aggregation is not Aggregation.QUANTILE:
        series = find(spec, names)
        lines = group(spec, series)
        return _points(spec, grid, lines, _values(spec.aggregation, spec.combine, grid, lines, now))
    buckets = find(spec, [*names, *(f"{name}_bucket" for name in names)])
    series_bounds = ((bucket.id, bucket.bound) for bucket in buckets if bucket.kind == MetricKind.HISTOGRAM)
    bounds = {series_id: bound for series_id, bound in series_bounds if bound is not None}
    if bounds:
        return _histogram_quantiles(spec, grid, [each for each in buckets if each.id in bounds], bounds, now)
    return _sketch_quantiles(spec, grid, find(spec, names), now)


type Steps = tuple[NDArray[np.int64], NDArray[np.float64]]


def _values(
    aggregation: Aggregation, combine: Aggregation, grid: Grid, lines: Sequence[LineGroup], now: datetime
) -> dict[int, Steps]:
    ids, line_of = _members(lines)
    cadence_s = min((member.cadence_s for line in lines for member in line.members), default=1)
    key, value = _read_in_batches(aggregation, grid, ids, cadence_s, now)
    if len(lines) < len(ids):
        key = line_of[key // grid.steps] * grid.steps + key % grid.steps
        key, value = reduce(combine, SummandParts(key, value, np.ones(len(key))))
    else:
        key = line_of[key // grid.steps] * grid.steps + key % grid.steps
    return _split_by_line(grid, key, value)


def _read_in_batches(
    aggregation: Aggregation, grid: Grid, ids: NDArray[np.int64], cadence_s: int, now: datetime
) -> Steps:
    """Keys and values for `reduce`, read for a few series at a time, so that memory stays small."""
    widths = {Resolution.RAW: cadence_s, Resolution.FIVE_MINUTES: FIVE_MINUTES_S, Resolution.HOUR: HOUR_S}
    readings = (grid.end - grid.start).total_seconds() / max(widths[grid.resolution], 1)
    together = max(1, int(MOST_READ // max(readings, 1)))
    keys, values = [], []
    for first in range(0, max(len(ids), 1), together):
        key, value = reduce(
            aggregation, PartReader(grid, ids[first : first + together], now).parts(aggregation)
        )
        keys.append(key + first * grid.steps)
        values.append(value)
    return np.concatenate(keys), np.concatenate(values)


def _members(lines: Sequence[LineGroup]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    pairs = sorted((member.id, number) for number, line in enumerate(lines) for member in line.members)
    ids, line_of = zip(*pairs, strict=True) if pairs else ((), ())
    return np.array(ids, np.int64), np.array(line_of, np.int64)


def _split_by_line(grid: Grid, key: NDArray[np.int64], value: NDArray[np.float64]) -> dict[int, Steps]:
    if not len(key):
        return {}
    order = np.argsort(key, kind="stable")
    key, value = key[order], value[order]
    numbers, starts = np.unique(key // grid.steps, return_index=True)
    ends = np.append(starts[1:], len(key))
    return {
        number: (key[start:end] % grid.steps, value[start:end])
        for number, start, end in zip(numbers.tolist(), starts.tolist(), ends.tolist(), strict=True)
    }


def _points(
    spec: QuerySpec, grid: Grid, lines: Sequence[LineGroup], values: dict[int, Steps]
) -> list[SeriesPoints]:
    alone = spec.group_by is None
    return [
        line.points(spec, *_insert_breaks(grid, line, *values[number]), alone=alone)
        for number, line in enumerate(lines)
        if number in values
    ]


def _insert_breaks(
    grid: Grid, line: LineGroup, steps: NDArray[np.int64], values: NDArray[np.float64]
) -> Steps:
    step_ms = grid.step_s * 1000
    start_ms, end_ms = ms(grid.start), ms(grid.end)
    ts_ms = np.minimum(start_ms + (steps.astype(np.int64) + 1) * step_ms, end_ms)
    too_far = max(2 * step_ms, line.gap_s * 1000)
    broken = np.flatnonzero(np.diff(ts_ms) > too_far)
    between = ts_ms[broken] + step_ms
    return np.insert(ts_ms, broken + 1, between), np.insert(values, broken + 1, np.nan)


def _histogram_quantiles(
    spec: QuerySpec, grid: Grid, buckets: Sequence[StoredSeries], bounds: Mapping[int, float], now: datetime
) -> list[SeriesPoints]:
    lines = group(spec, buckets, without=BOUND)
    by_bound: list[LineGroup] = []
    owners: list[tuple[int, float]] = []
    for number, line in enumerate(lines):
        members: dict[float, list[StoredSeries]] = defaultdict(list)
        for member in line.members:
            members[bounds[member.id]].append(member)
        for bound, same in sorted(members.items()):
            owners.append((number, bound))
            by_bound.append(LineGroup(line.labels, tuple(same)))
    rises = _values(Aggregation.INCREASE, Aggregation.SUM, grid, by_bound, now)
    quantiles: dict[int, Steps] = {}
    for number in range(len(lines)):
        own = [place for place, (owner, _) in enumerate(owners) if owner == number and place in rises]
        if own:
            steps = np.unique(np.concatenate([rises[place][0] for place in own]))
            counts = np.full((len(steps), len(own)), np.nan)
            for column, place in enumerate(own):
                counts[np.searchsorted(steps, rises[place][0]), column] = rises[place][1]
            upper = [owners[place][1] for place in own]
            quantiles[number] = steps, quantile_by_step(spec.quantile or 0.0, upper, counts)
    return _points(spec, grid, lines, quantiles)


def _sketch_quantiles(
    spec: QuerySpec, grid: Grid, series: Sequence[StoredSeries], now: datetime
) -> list[SeriesPoints]:
    if grid.resolution is not Resolution.RAW:
        _check_sketched(series)
    lines = group(spec, series)
    ids, line_of = _members(lines)
    key, bucket, count = PartReader(grid, ids, now).sketches()
    key = line_of[key // grid.steps] * grid.steps + key % grid.steps
    return _points(
        spec, grid, lines, _split_by_line(grid, *quantiles(key, bucket, count, spec.quantile or 0.0))
    )


def _check_sketched(series: Sequence[StoredSeries]) -> None:
    for each in series:
        definition = each.definition
        if definition is None or not definition.sketch:
            raise SpecError(
                "quantile",
                f"of {each.metric} nothing is kept to take it from, but raw samples: ask for steps under 5 minutes"
                " over 6 hours or less",
            )
