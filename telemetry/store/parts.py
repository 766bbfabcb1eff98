"""The parts of a query's answer, from hourly and five-minute roll-ups and raw samples.

Hourly rows end at the first hour that is not rolled up, five-minute rows at the first such window, and raw samples
cover the rest: no sample is in two of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from telemetry.binary import fetched_columns
from telemetry.conditions import Values
from telemetry.core import rollup
from telemetry.core.instants import floor, instant, ms
from telemetry.core.sketch import bucket_of, value_of
from telemetry.core.spec import Aggregation, QuerySpec
from telemetry.store.blocks import SampleArrays
from telemetry.store.partitions import FIVE_MINUTES, HOURS
from telemetry.store.raw import samples
from telemetry.store.reach import MOST_BEHIND, hours_rolled_up_to, rolled_up_to

FIVE_MINUTES_S = 300
HOUR_S = 3600
# Raw samples have no index by series: a longer range reads too many of other series.
LONGEST_RAW = timedelta(hours=6)


class Resolution(StrEnum):
    RAW = "raw"
    FIVE_MINUTES = "5m"
    HOUR = "1h"


@dataclass(frozen=True, slots=True)
class Grid:
    """Steps of `step_s` after `start` up to `end`. They may be wider than requested, and begin up to one window
    earlier."""

    resolution: Resolution
    start: datetime
    end: datetime
    step_s: int

    @property
    def steps(self) -> int:
        return -int((self.start - self.end).total_seconds() // self.step_s)


def grid_for(spec: QuerySpec, now: datetime) -> Grid:
    """Raw samples for short steps over short, recent ranges; else roll-ups, hourly ones if only those are left."""
    start, end = instant(spec.start_ms), instant(spec.end_ms)
    raw_kept = now - timedelta(hours=settings.TELEMETRY_RAW_HOURS)
    if spec.step_s < FIVE_MINUTES_S and end - start <= LONGEST_RAW and start >= raw_kept:
        return Grid(Resolution.RAW, start, end, spec.step_s)
    hourly = start < now - timedelta(days=settings.TELEMETRY_5M_DAYS) or spec.step_s % HOUR_S == 0
    width = HOUR_S if hourly else FIVE_MINUTES_S
    step_s = -(-spec.step_s // width) * width
    begin = instant(spec.start_ms // (width * 1000) * width * 1000)
    return Grid(Resolution.HOUR if hourly else Resolution.FIVE_MINUTES, begin, end, step_s)


TABLES = {Resolution.HOUR: HOURS.table, Resolution.FIVE_MINUTES: FIVE_MINUTES.table}
# What each aggregation needs from a window: the values, and their weights or order for `reduce`.
COLUMNS = {
    Aggregation.AVG: ("sum", "count::float8"),
    Aggregation.SUM: ("sum", "0::float8"),
    Aggregation.MIN: ("min", "0::float8"),
    Aggregation.MAX: ("max", "0::float8"),
    Aggregation.COUNT: ("count::float8", "0::float8"),
    Aggregation.LAST: ("last", "extract(epoch FROM last_ts)::float8"),
    Aggregation.INCREASE: ("increase", "0::float8"),
    # The next window rises from a window with an unknown rise.
    Aggregation.RATE: ("coalesce(increase, 'NaN')", "0::float8"),
}
BASELINE = """
SELECT array_agg(asked.series_id), array_agg(last), array_agg(last_ts)
FROM unnest(%(series)s::bigint[]) AS asked (series_id) CROSS JOIN LATERAL (
    SELECT last, last_ts FROM telemetry_rollup_5m done WHERE done.series_id = asked.series_id AND start < %(raw_start)s
        AND start >= %(raw_start)s::timestamptz - interval '1 hour' ORDER BY start DESC LIMIT 1
) earlier
"""


def windows(resolution: Resolution, aggregation: Aggregation) -> str:
    first, second = COLUMNS[aggregation]
    # Leave out unknown increases, because an array with nulls is slow to read.
    condition = " AND increase IS NOT NULL" if first == "increase" else ""
    return (
        f"SELECT array_agg(series_id), array_agg(start), array_agg({first}), array_agg({second})"
        f" FROM {TABLES[resolution]} WHERE series_id = ANY(%(series)s)"
        f" AND start >= %(from)s AND start < %(until)s{condition}"
    )


def sketches(resolution: Resolution) -> str:
    return (
        "SELECT array_agg(series_id), array_agg(start), array_agg(bucket::bigint), array_agg(n)"
        f" FROM {TABLES[resolution]}, unnest(sketch_buckets, sketch_counts) AS held (bucket, n)"
        " WHERE series_id = ANY(%(series)s) AND start >= %(from)s AND start < %(until)s"
    )


type Keys = NDArray[np.int64]
type Numbers = NDArray[np.float64]

_ADDED = {Aggregation.SUM, Aggregation.COUNT, Aggregation.INCREASE}


@dataclass(frozen=True, slots=True, eq=False)
class SummandParts:
    """`first` and `second` are the aggregation's inputs for each part, see `COLUMNS`."""

    key: Keys
    first: Numbers
    second: Numbers


def together(parts: list[SummandParts]) -> SummandParts:
    return SummandParts(
        np.concatenate([part.key for part in parts]),
        np.concatenate([part.first for part in parts]),
        np.concatenate([part.second for part in parts]),
    )


def reduce(aggregation: Aggregation, parts: SummandParts) -> tuple[Keys, Numbers]:
    """One value per key, from `first`: its sum over that of `second`, its sum, its extreme, or the one of the largest
    `second`. NaN values are ignored; a key with only NaN gives NaN."""
    key, first, second = parts.key, parts.first, parts.second
    if not len(key):
        return key, first
    if aggregation is Aggregation.LAST:
        places = np.lexsort((second, key))
        key, first, second = key[places], first[places], second[places]
    elif (key[1:] < key[:-1]).any():
        places = np.argsort(key, kind="stable")
        key, first, second = key[places], first[places], second[places]
    starts = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
    keys = key[starts]
    is_number = ~np.isnan(first)
    if aggregation in (Aggregation.AVG, Aggregation.RATE):
        total = np.add.reduceat(np.where(is_number, first, 0.0), starts)
        weight = np.add.reduceat(np.where(is_number, second, 0.0), starts)
        return keys, np.divide(total, weight, out=np.full(len(keys), np.nan), where=weight > 0)
    if aggregation in _ADDED:
        total = np.add.reduceat(np.where(is_number, first, 0.0), starts)
        return keys, np.where(np.logical_or.reduceat(is_number, starts), total, np.nan)
    if aggregation is Aggregation.MIN:
        return keys, np.fmin.reduceat(first, starts)
    if aggregation is Aggregation.MAX:
        return keys, np.fmax.reduceat(first, starts)
    key, first = key[is_number], first[is_number]
    last = np.full(len(keys), np.nan)
    # Later ones overwrite earlier ones.
    last[np.searchsorted(keys, key)] = first
    return keys, last


def quantiles(key: Keys, bucket: Keys, count: Keys, q: float) -> tuple[Keys, Numbers]:
    order = np.lexsort((bucket, key))
    key, bucket, count = key[order], bucket[order], count[order]
    keys, starts = np.unique(key, return_index=True)
    if not len(keys):
        return keys, np.empty(0)
    running = np.cumsum(count)
    before = running[starts] - count[starts]
    totals = np.add.reduceat(count, starts)
    ranks = np.floor(q * (totals - 1)).astype(np.int64)
    return keys, value_of(bucket[np.searchsorted(running, before + ranks, side="right")])


_RISING = (Aggregation.INCREASE, Aggregation.RATE)


@dataclass(frozen=True, slots=True)
class PartReader:
    """Reads the parts of some series. A part's key is the index of its series in `ids` times steps, plus its step."""

    grid: Grid
    ids: NDArray[np.int64]
    now: datetime

    def parts(self, aggregation: Aggregation) -> SummandParts:
        parts = []
        for resolution, values in self._rolled():
            if aggregation is Aggregation.RATE:
                parts.append(self._rates(resolution, values))
                continue
            series, start, first, second = fetched_columns(windows(resolution, aggregation), values)
            parts.append(SummandParts(self._keys(series, start), first, second))
        return together([*parts, self._raw(aggregation)])

    def _rates(self, resolution: Resolution, values: Values) -> SummandParts:
        """Return each window's rise and its duration: since the window before it, which may be before the range."""
        earlier = values | {"from": values["from"] - MOST_BEHIND}
        series, start, risen, _ = fetched_columns(windows(resolution, Aggregation.RATE), earlier)
        seconds = covered_s(series, start, HOUR_S if resolution is Resolution.HOUR else FIVE_MINUTES_S)
        is_inside = (start >= ms(values["from"])) & ~np.isnan(risen)
        return SummandParts(
            self._keys(series[is_inside], start[is_inside]), risen[is_inside], seconds[is_inside]
        )

    def sketches(self) -> tuple[Keys, Keys, Keys]:
        columns = []
        for resolution, values in self._rolled():
            series, start, bucket, count = fetched_columns(sketches(resolution), values)
            columns.append((self._keys(series, start), bucket.astype(np.int64), count.astype(np.int64)))
        readings = rollup.once(*self._samples())
        inside = self._inside(readings.ts)
        columns.append(
            (
                self._keys(readings.series, readings.ts - 1)[inside],
                bucket_of(readings.value[inside]).astype(np.int64),
                np.ones(int(inside.sum()), np.int64),
            )
        )
        keys, buckets, counts = (np.concatenate(column) for column in zip(*columns, strict=True))
        return keys, buckets, counts

    def _raw(self, aggregation: Aggregation) -> SummandParts:
        series, ts_ms, value = self._samples()
        readings = rollup.once(series, ts_ms, value)
        first, second = readings.value, np.ones(len(readings.value))
        if aggregation in _RISING:
            before, before_ms = self._baseline(readings)
            first = rollup.steps(readings, before, unknown=np.nan)
            if aggregation is Aggregation.RATE:
                second = rollup.elapsed_s(readings, before_ms)
        elif aggregation is Aggregation.COUNT:
            first = np.ones(len(first))
        elif aggregation is Aggregation.LAST:
            second = readings.ts / 1000
        ended = np.isnan(value)
        # What is drawn is no stale marker, but a plain NaN.
        value[ended] = np.nan
        measured = SummandParts(self._keys(readings.series, readings.ts - 1), first, second)
        ended_parts = SummandParts(
            self._keys(series[ended], ts_ms[ended] - 1), value[ended], np.zeros(int(ended.sum()))
        )
        inside, inside_too = self._inside(readings.ts), self._inside(ts_ms[ended])
        return together(
            [
                SummandParts(part.key[is_inside], part.first[is_inside], part.second[is_inside])
                for part, is_inside in ((measured, inside), (ended_parts, inside_too))
            ]
        )

    def _baseline(self, readings: rollup.SeriesReadings) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        firsts = readings.series[readings.starts]
        series, last, at_ms = fetched_columns(BASELINE, {"series": firsts, "raw_start": self._raw_start()})
        before, before_ms = np.full((2, len(firsts)), np.nan)
        places = np.searchsorted(firsts, series)
        before[places], before_ms[places] = last, at_ms
        return before, before_ms

    def _rolled(self) -> Iterator[tuple[Resolution, Values]]:
        if self.grid.resolution is Resolution.RAW:
            return
        begin = self.grid.start
        until = rolled_up_to(self.now)
        if self.grid.resolution is Resolution.HOUR:
            hours_end = min(hours_rolled_up_to(self.now), until)
            yield Resolution.HOUR, {"series": self.ids, "from": begin, "until": hours_end}
            begin = max(begin, hours_end)
        until = min(until, self.grid.end)
        yield Resolution.FIVE_MINUTES, {"series": self.ids, "from": begin, "until": until}

    def _samples(self) -> SampleArrays:
        return samples(self.ids, after=self._raw_start(), until=min(self.grid.end, self.now))

    def _raw_start(self) -> datetime:
        # From a window's start, so that what lies before it is in the roll-ups, and from before the first step:
        # a counter rises from what lies before.
        raw_start = rolled_up_to(self.now)
        if self.grid.resolution is Resolution.RAW:
            raw_start = min(floor(self.grid.start), raw_start)
        return raw_start

    def _keys(self, series: NDArray[Any], start_ms: NDArray[Any]) -> Keys:
        """`start_ms` is in the step, or is its start."""
        step = (start_ms.astype(np.int64) - ms(self.grid.start)) // (self.grid.step_s * 1000)
        if not len(series):
            return step
        # Those of a series follow each other, so few series are looked up.
        begins = np.flatnonzero(np.append(True, series[1:] != series[:-1]))
        places = np.searchsorted(self.ids, series[begins])
        return np.repeat(places, np.diff(np.append(begins, len(series)))) * self.grid.steps + step

    def _inside(self, ts_ms: NDArray[Any]) -> NDArray[np.bool_]:
        return ts_ms > ms(self.grid.start)


def covered_s(series: NDArray[Any], start_ms: NDArray[Any], width_s: int) -> NDArray[np.float64]:
    """Return for each window the seconds in which its counter rose. After a pause of up to an hour, the first five
    minutes also hold the rise during the pause."""
    covered = np.full(len(series), float(width_s))
    order = np.lexsort((start_ms, series))
    same = series[order][1:] == series[order][:-1]
    since_s = np.diff(start_ms[order]) / 1000
    covered[order[1:]] = np.where(same & (since_s <= MOST_BEHIND.total_seconds()), since_s, width_s)
    return covered
