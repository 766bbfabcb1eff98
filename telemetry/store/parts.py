"""The parts of a question's answer, from the hourly roll-ups, the five-minute ones and raw samples.

Hourly rows end where the first hour that is not rolled up begins, five-minute rows where the first such window does,
and raw samples have the rest: no sample is in two of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemetry.core import rollup
from telemetry.core.sketch import bucket_of
from telemetry.core.spec import Aggregation
from telemetry.queries.selection import (
    MOST_BEHIND,
    Values,
    fetch_columns,
    floor,
    hours_rolled_up_to,
    rolled_up_to,
)
from telemetry.store import statements
from telemetry.store.grid import FIVE_MINUTES_S, HOUR_S, Grid, Resolution, ms
from telemetry.store.reduce import Keys, SummandParts, together

_RISING = (Aggregation.INCREASE, Aggregation.RATE)


@dataclass(frozen=True, slots=True)
class PartReader:
    """Reads the parts of some series. A part's key is the place of its series in `ids` times steps, plus its step."""

    grid: Grid
    ids: NDArray[np.int64]
    now: datetime

    def parts(self, aggregation: Aggregation) -> SummandParts:
        parts = []
        for resolution, values in self._rolled():
            if aggregation is Aggregation.RATE:
                parts.append(self._rates(resolution, values))
                continue
            series, start, first, second = fetch_columns(statements.windows(resolution, aggregation), values)
            parts.append(SummandParts(self._keys(series, start), first, second))
        return together([*parts, self._raw(aggregation)])

    def _rates(self, resolution: Resolution, values: Values) -> SummandParts:
        """Return each window's rise, and in how long: since the window before it, which may lie before the range."""
        earlier = values | {"from": values["from"] - MOST_BEHIND}
        series, start, risen, _ = fetch_columns(statements.windows(resolution, Aggregation.RATE), earlier)
        seconds = covered_s(series, start, HOUR_S if resolution is Resolution.HOUR else FIVE_MINUTES_S)
        asked = (start >= ms(values["from"])) & ~np.isnan(risen)
        return SummandParts(self._keys(series[asked], start[asked]), risen[asked], seconds[asked])

    def sketches(self) -> tuple[Keys, Keys, Keys]:
        columns = []
        for resolution, values in self._rolled():
            series, start, bucket, count = fetch_columns(statements.sketches(resolution), values)
            columns.append((self._keys(series, start), bucket.astype(np.int64), count.astype(np.int64)))
        readings = rollup.once(*fetch_columns(statements.RAW, self._values()))
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
        series, ts_ms, value = fetch_columns(statements.RAW, self._values())
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
        said = SummandParts(self._keys(readings.series, readings.ts - 1), first, second)
        unsaid = SummandParts(
            self._keys(series[ended], ts_ms[ended] - 1), value[ended], np.zeros(int(ended.sum()))
        )
        inside, inside_too = self._inside(readings.ts), self._inside(ts_ms[ended])
        return together(
            [
                SummandParts(part.key[chosen], part.first[chosen], part.second[chosen])
                for part, chosen in ((said, inside), (unsaid, inside_too))
            ]
        )

    def _baseline(self, readings: rollup.SeriesReadings) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        firsts = readings.series[readings.starts]
        series, last, at_ms = fetch_columns(statements.BASELINE, self._values() | {"series": firsts})
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

    def _values(self) -> Values:
        # From a window's start, so that what lies before it is in the roll-ups, and from before the first step:
        # a counter rises from what lies before.
        raw_start = rolled_up_to(self.now)
        if self.grid.resolution is Resolution.RAW:
            raw_start = min(floor(self.grid.start), raw_start)
        return {"series": self.ids, "raw_start": raw_start, "end": min(self.grid.end, self.now)}

    def _keys(self, series: NDArray[Any], start_ms: NDArray[Any]) -> Keys:
        """`start_ms` lies in the step, or is its start."""
        step = (start_ms.astype(np.int64) - ms(self.grid.start)) // (self.grid.step_s * 1000)
        return np.searchsorted(self.ids, series) * self.grid.steps + step

    def _inside(self, ts_ms: NDArray[Any]) -> NDArray[np.bool_]:
        return ts_ms > ms(self.grid.start)


def covered_s(series: NDArray[Any], start_ms: NDArray[Any], width_s: int) -> NDArray[np.float64]:
    """Return for each window the seconds in which its counter rose by what the window says.

    After a pause of up to an hour the first five minutes also hold what it rose by meanwhile.
    """
    covered = np.full(len(series), float(width_s))
    order = np.lexsort((start_ms, series))
    same = series[order][1:] == series[order][:-1]
    since_s = np.diff(start_ms[order]) / 1000
    covered[order[1:]] = np.where(same & (since_s <= MOST_BEHIND.total_seconds()), since_s, width_s)
    return covered
