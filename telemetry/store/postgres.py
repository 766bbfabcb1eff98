"""A question answered from Muster's own tables."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemetry.core.histograms import quantile_by_step, upper_bound
from telemetry.core.registry import registry
from telemetry.core.series import Kind
from telemetry.core.sketch import Sketch
from telemetry.core.spec import Aggregation, QuerySpec, SpecError
from telemetry.queries.selection import Values, fetch, floor, hours_rolled_up_to, rolled_up_to
from telemetry.store import statements
from telemetry.store.grid import EPOCH, Grid, Resolution, grid_for
from telemetry.store.lines import Found, Line, SeriesPoints, find, group

BOUND = "le"


def run(spec: QuerySpec, *, now: datetime) -> list[SeriesPoints]:
    """One line per series, or per group of them. Raises SpecError where nothing is kept that could answer."""
    grid = grid_for(spec, now)
    names = registry().expand(spec.metric)
    if spec.aggregation is not Aggregation.QUANTILE:
        found = find(spec, names)
        lines = group(spec, found)
        return _points(spec, grid, lines, _values(spec.aggregation, spec.combine, grid, lines, now))
    buckets = find(spec, [*names, *(f"{name}_bucket" for name in names)])
    buckets = [one for one in buckets if one.kind == Kind.HISTOGRAM and BOUND in one.labels]
    if buckets:
        return _histogram_quantiles(spec, grid, buckets, now)
    return _sketch_quantiles(spec, grid, find(spec, names), now)


type Steps = tuple[NDArray[np.int64], NDArray[np.float64]]


def _values(
    aggregation: Aggregation, combine: Aggregation, grid: Grid, lines: Sequence[Line], now: datetime
) -> dict[int, Steps]:
    """For each line that has any, which steps have a value, and the values."""
    statement = statements.lines(grid.resolution, aggregation, combine)
    rows = fetch(statement, _parameters(grid, lines, now)) if lines else []
    return {line: (np.array(steps), np.array(values, np.float64)) for line, steps, values in rows}


def _parameters(grid: Grid, lines: Sequence[Line], now: datetime) -> Values:
    members = [(member.id, number) for number, line in enumerate(lines) for member in line.members]
    rolled_end = rolled_up_to(now)
    # From a window's start, and from before the first step: a counter rises from what lies before.
    raw_start = rolled_end
    if grid.resolution is Resolution.RAW:
        raw_start = min(floor(grid.start), rolled_end)
    hours_end = min(hours_rolled_up_to(now), raw_start) if grid.resolution is Resolution.HOUR else grid.start
    return {
        "series": [series for series, _ in members],
        "lines": [line for _, line in members],
        "start": grid.start,
        "end": min(grid.end, now),
        "step_s": grid.step_s,
        "hours_end": hours_end,
        "windows_start": max(hours_end, grid.start),
        "raw_start": raw_start,
    }


def _points(
    spec: QuerySpec, grid: Grid, lines: Sequence[Line], values: dict[int, Steps]
) -> list[SeriesPoints]:
    alone = spec.group_by is None
    return [
        line.points(spec, *_with_breaks(grid, line, *values[number]), alone=alone)
        for number, line in enumerate(lines)
        if number in values
    ]


def _with_breaks(grid: Grid, line: Line, steps: NDArray[np.int64], values: NDArray[np.float64]) -> Steps:
    """Times for steps, and a NaN wherever readings are too far apart to be joined."""
    step_ms = grid.step_s * 1000
    start_ms, end_ms = _ms(grid.start), _ms(grid.end)
    ts_ms = np.minimum(start_ms + (steps.astype(np.int64) + 1) * step_ms, end_ms)
    too_far = max(2 * step_ms, line.gap_s * 1000)
    broken = np.flatnonzero(np.diff(ts_ms) > too_far)
    between = ts_ms[broken] + step_ms
    return np.insert(ts_ms, broken + 1, between), np.insert(values, broken + 1, np.nan)


def _ms(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


def _histogram_quantiles(
    spec: QuerySpec, grid: Grid, buckets: Sequence[Found], now: datetime
) -> list[SeriesPoints]:
    """From the rise of each bucket in each step, added up over the series of a line."""
    lines = group(spec, buckets, without=BOUND)
    by_bound: list[Line] = []
    owners: list[tuple[int, float]] = []
    for number, line in enumerate(lines):
        members: dict[float, list[Found]] = defaultdict(list)
        for member in line.members:
            known = member.known
            members[upper_bound(member.labels[BOUND], known.le_scale if known else 1.0)].append(member)
        for bound, same in sorted(members.items()):
            owners.append((number, bound))
            by_bound.append(Line(line.labels, tuple(same)))
    rises = _values(Aggregation.INCREASE, Aggregation.SUM, grid, by_bound, now)
    quantiles: dict[int, Steps] = {}
    for number in range(len(lines)):
        own = [place for place, (owner, _) in enumerate(owners) if owner == number and place in rises]
        if own:
            steps = np.unique(np.concatenate([rises[place][0] for place in own]))
            counts = np.full((len(steps), len(own)), np.nan)
            for column, place in enumerate(own):
                counts[np.searchsorted(steps, rises[place][0]), column] = rises[place][1]
            bounds = [owners[place][1] for place in own]
            quantiles[number] = steps, quantile_by_step(spec.quantile or 0.0, bounds, counts)
    return _points(spec, grid, lines, quantiles)


def _sketch_quantiles(
    spec: QuerySpec, grid: Grid, series: Sequence[Found], now: datetime
) -> list[SeriesPoints]:
    if grid.resolution is not Resolution.RAW:
        _check_sketched(series)
    lines = group(spec, series)
    held: dict[int, list[Any]] = defaultdict(list)
    rows = fetch(statements.sketches(grid.resolution), _parameters(grid, lines, now)) if lines else []
    for line, step, buckets, counts in rows:
        held[line].append((step, Sketch.from_arrays(buckets, counts).quantile(spec.quantile or 0.0)))
    values = {
        line: (np.array([step for step, _ in found]), np.array([value for _, value in found]))
        for line, found in held.items()
    }
    return _points(spec, grid, lines, values)


def _check_sketched(series: Sequence[Found]) -> None:
    for one in series:
        known = one.known
        if known is None or not known.sketch:
            raise SpecError(
                "quantile",
                f"of {one.metric} nothing is kept to take it from, but raw samples: ask for steps under 5 minutes"
                " over 6 hours or less",
            )
