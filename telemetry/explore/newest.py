"""The newest value and the last 24 hours of many metrics at one place, in a fixed number of statements."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemetry import queries, store
from telemetry.core.codes import code_of
from telemetry.core.metric import MetricKind, per_second
from telemetry.core.rows import SERIES_COLUMNS, Latest
from telemetry.core.spec import Aggregation, ObjectRef
from telemetry.explore.metrics import BrowsedMetric
from telemetry.params import OBJECTS
from telemetry.queries.selection import Selection, select
from telemetry.queries.snapshot import RAW_TAIL, SeriesSnapshot
from telemetry.sentences import PER_STEP
from web.units import Formatted, format_value, number

HOURS = 24
WITHIN = timedelta(hours=1)
# More series than these are not read for a list that opens at a click.
MOST_SERIES = 6000
# A metric is late when its newest value is older than this many intervals of its source.
LATE_CADENCES = 3
_METRIC = SERIES_COLUMNS.index("metric")
_REDUCED: Mapping[Aggregation, Callable[..., Any]] = {
    Aggregation.SUM: np.nansum,
    Aggregation.AVG: np.nanmean,
    Aggregation.MAX: np.nanmax,
    Aggregation.MIN: np.nanmin,
}


@dataclass(frozen=True, slots=True)
class NewestValue:
    """`value` is of `series` series, combined as `how` says; `hours` are the same for each hour, None without data."""

    value: Formatted
    how: str = ""
    hours: tuple[float | None, ...] = field(default=())
    newest_at: datetime | None = None
    is_late: bool = False


def newest_values(
    metrics: Sequence[BrowsedMetric],
    site_ids: Iterable[int],
    *,
    described: ObjectRef | None = None,
    now: datetime,
) -> dict[str, NewestValue]:
    """Values by metric, of the first metrics that have `MOST_SERIES` series together."""
    metrics = _first_metrics(metrics)
    single = [metric for metric in metrics if metric.kind is not MetricKind.HISTOGRAM]
    ids = list(site_ids)
    values: dict[str, NewestValue] = {}
    if single:
        selection = _selected(single, ids, described)
        values |= _values(single, selection, now)
    if (families := [metric for metric in metrics if metric not in single]) and described is None:
        values |= _tails(families, ids, now)
    return values


def _first_metrics(metrics: Sequence[BrowsedMetric]) -> list[BrowsedMetric]:
    first, total = [], 0
    for metric in metrics:
        total += metric.series
        if total > MOST_SERIES:
            break
        first.append(metric)
    return first


def _selected(
    metrics: Sequence[BrowsedMetric], site_ids: list[int], described: ObjectRef | None
) -> Selection:
    selection = select(site_ids, [metric.name for metric in metrics])
    column = next((name for name, kind in OBJECTS.items() if described and kind == described.kind), "")
    place = SERIES_COLUMNS.index(column) if column else 0
    places = [
        number
        for number, row in enumerate(selection.rows)
        if selection.ended_at[number] is None and (described is None or row[place] == described.id)
    ]
    return Selection(
        [selection.rows[number] for number in places],
        [None] * len(places),
        [selection.first_seen_at[number] for number in places],
    )


def _values(metrics: Sequence[BrowsedMetric], selection: Selection, now: datetime) -> dict[str, NewestValue]:
    snapshot = SeriesSnapshot(selection, now=now, tail=RAW_TAIL)
    latest: dict[str, list[Latest]] = {metric.name: [] for metric in metrics}
    for reading in snapshot.latest({metric.name for metric in metrics}, within_s=WITHIN.total_seconds()):
        latest[reading.metric].append(reading)
    rates = snapshot.rates() if any(metric.kind is MetricKind.COUNTER for metric in metrics) else {}
    hours = _hours(metrics, selection, now)
    return {
        metric.name: _value(metric, latest[metric.name], rates, hours.get(metric.name), now)
        for metric in metrics
    }


def _value(
    metric: BrowsedMetric,
    latest: Sequence[Latest],
    rates: Mapping[int, float],
    hours: NDArray[np.float64] | None,
    now: datetime,
) -> NewestValue:
    if not latest:
        return NewestValue(Formatted(None))
    newest = max(latest, key=lambda reading: reading.ts)
    age_s = (now - newest.ts).total_seconds()
    how, value, figure = "", math.nan, _named(metric, latest)
    unit = newest.unit
    if figure is None:
        factor = 1.0
        readings = [reading.value for reading in latest]
        if metric.kind is MetricKind.COUNTER:
            factor, unit = per_second(unit)
            readings = [rates[reading.series_id] for reading in latest if reading.series_id in rates]
        if readings:
            value = float(_REDUCED[metric.combine](np.array(readings))) * factor
        figure = format_value(value, unit)
        if len(latest) > 1:
            how = f"{PER_STEP[metric.combine]} of {number(len(latest))} series"
        hours = None if hours is None else np.append(hours * factor, value)
    else:
        hours = None
    drawn = () if hours is None else tuple(float(each) if math.isfinite(each) else None for each in hours)
    is_late = age_s > LATE_CADENCES * newest.cadence_s
    return NewestValue(figure, how, drawn, newest.ts, is_late)


def _named(metric: BrowsedMetric, latest: Sequence[Latest]) -> Formatted | None:
    """Codes and states by name: "XID 79", "2 codes", "Up", "44 of 45 up"; None if the values are numbers."""
    definition = metric.definition
    if definition is not None and definition.codes:
        codes = [code for reading in latest if (code := code_of(definition, reading.value)) is not None]
        if len(codes) == 1:
            return Formatted(codes[0].name)
        return Formatted(f"{number(len(codes))} codes" if codes else "no code")
    if metric.kind is not MetricKind.STATE:
        return None
    names = Counter(definition.state_name(reading.value) if definition else "" for reading in latest)
    word, count = names.most_common(1)[0]
    if not word:
        return Formatted(None) if len(latest) > 1 else None
    return Formatted(word if count == len(latest) else f"{number(count)} of {number(len(latest))} {word}")


def _hours(
    metrics: Sequence[BrowsedMetric], selection: Selection, now: datetime
) -> dict[str, NDArray[np.float64]]:
    """One value an hour for each metric, of the last 24 whole hours; NaN without data."""
    end = now.replace(minute=0, second=0, microsecond=0)
    start = end - timedelta(hours=HOURS)
    counters = {metric.name for metric in metrics if metric.kind is MetricKind.COUNTER}
    is_counter = np.array([row[_METRIC] in counters for row in selection.rows], bool)
    by_series = np.full((len(selection.rows), HOURS), np.nan)
    ids = selection.ids
    if not is_counter.all():
        series, at_ms, total, count = store.windows(
            ids[~is_counter], "sum", "count", since=start, before=end, hourly=True
        )
        by_series[_cells(ids, series, at_ms, start)] = total / count
    if is_counter.any():
        series, at_ms, rise = store.windows(ids[is_counter], "increase", since=start, before=end, hourly=True)
        by_series[_cells(ids, series, at_ms, start)] = rise / 3600
    names = np.array([row[_METRIC] for row in selection.rows], object)
    return {metric.name: _reduced(metric, by_series[names == metric.name]) for metric in metrics}


def _cells(
    ids: NDArray[np.int64], series: NDArray[Any], at_ms: NDArray[Any], start: datetime
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    hours = (at_ms.astype(np.int64) - round(start.timestamp() * 1000)) // 3_600_000
    return np.searchsorted(ids, series), hours


def _reduced(metric: BrowsedMetric, values: NDArray[np.float64]) -> NDArray[np.float64]:
    reduced = np.full(HOURS, np.nan)
    has_data = np.isfinite(values).any(axis=0)
    if has_data.any():
        reduced[has_data] = _REDUCED[metric.combine](values[:, has_data], axis=0)
    return reduced


TAIL = 0.99


def _tails(metrics: Sequence[BrowsedMetric], site_ids: list[int], now: datetime) -> dict[str, NewestValue]:
    """The p99 of histograms over all their series: the newest five minutes, and each window of 24 hours."""
    if len(site_ids) != 1:
        return {}
    tails = queries.window_quantiles(
        site_ids,
        {metric.name: (metric.name,) for metric in metrics},
        q=TAIL,
        start=now - timedelta(hours=HOURS),
        end=now,
        now=now,
    )
    units = {metric.name: metric.definition.unit if metric.definition else "" for metric in metrics}
    return {
        tail.key: NewestValue(
            format_value(float(tail.values[-1]), units[tail.key]),
            "p99 of all series",
            tuple(tail.values.tolist()),
            tail.newest_at,
        )
        for tail in tails
        if len(tail.values)
    }
