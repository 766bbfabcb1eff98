"""The data of the series of some sites at one instant, read once for several queries.

Samples of the last minutes are not rolled up yet, and finding some means reading all of those minutes. So they are read
once, and every query takes its part from here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry import store
from telemetry.core import rollup
from telemetry.core.instants import EPOCH, floor, instant
from telemetry.core.matching import OBJECT_COLUMNS
from telemetry.core.rows import SERIES_COLUMNS, DatedValue, Latest, Rise, Seen, Speaker
from telemetry.queries.selection import Selection, is_scrapers_own, select

# Younger samples are read raw, because their window may be open or its roll-up not done.
RAW_TAIL = timedelta(minutes=6)
_METRIC, _KIND = SERIES_COLUMNS.index("metric"), SERIES_COLUMNS.index("object_kind")

type Ints = NDArray[np.int64]
type Floats = NDArray[np.float64]


class CounterIncrease(NamedTuple):
    increase: float
    first: datetime
    last: datetime

    def and_later(self, later: "CounterIncrease") -> "CounterIncrease":
        return CounterIncrease(self.increase + later.increase, self.first, later.last)


def snapshot(
    site_ids: Iterable[int],
    metrics: Iterable[str] | None,
    *,
    now: datetime,
    markers_within_s: float = RAW_TAIL.total_seconds(),
    rates_within_s: float = 0.0,
) -> "SeriesSnapshot":
    """Read the series with these metrics; None means all. `markers_within_s` is the longest span for which ended series
    must be detected: only raw samples have markers, and a shorter span is faster. Rates use the `rates_within_s` before
    `now`, or whatever is read anyway."""
    tail = max(min(RAW_TAIL, timedelta(seconds=markers_within_s)), timedelta(seconds=rates_within_s))
    return SeriesSnapshot(select(site_ids, metrics), now=now, tail=tail)


class SeriesSnapshot:
    """Several queries about the series of a selection, each as of `now`."""

    def __init__(self, selection: Selection, *, now: datetime, tail: timedelta) -> None:
        self.selection = selection
        self.now = now
        self._ids = selection.ids
        self._rolled_end = store.rolled_up_to(now)
        self._begin = min(self._rolled_end, now - tail)
        self._columns: dict[str, Ints] = {}

    def latest(
        self, metrics: Iterable[str] | None = None, *, within_s: float, with_ended: bool = False
    ) -> list[Latest]:
        """The newest reading of each series in the `within_s` up to `now`; ended series are left out unless requested.

        A newer stale marker hides a reading, unless ended series are requested. `metrics` None means all except the
        scraper's own (`up`, `scrape_…`, `ALERTS…`).
        """
        places = self._places(metrics)
        ts_ms, values = self._newest(places, within_s, readings_only=with_ended)
        rows, ended = self.selection.rows, self.selection.ended_at
        times = ts_ms.tolist()
        # Samples scraped together have the same time.
        at_of = {at_ms: instant(at_ms) for at_ms in set(times)}
        latest = []
        for place, at_ms, value in zip(places.tolist(), times, values.tolist(), strict=True):
            if not at_ms:
                continue
            at, ended_at = at_of[at_ms], ended[place]
            if with_ended or ended_at is None or not at <= ended_at <= self.now:
                latest.append(Latest(*(*rows[place], at, value)))
        return latest

    def last_seen(self, *, within_s: float) -> list[Seen]:
        """When each source last had a reading of each object in the `within_s` up to `now`.

        A reading of an accelerator, a port or a feed also counts for its device. The scraper's own metrics do not
        count: they continue when the exporter is gone.
        """
        places = self._object_places
        ts_ms, _ = self._newest(places, within_s, readings_only=True)
        heard = ts_ms > 0
        at_of = {at_ms: instant(at_ms) for at_ms in np.unique(ts_ms).tolist()}
        return sorted(
            Seen(site_id, kind, object_id, source_id, at_of[newest])
            for kind, site_id, object_id, source_id, newest in self._latest_by_object(
                places[heard], ts_ms[heard]
            )
        )

    def speakers(self, metrics: Iterable[str] | None = None, *, first_seen_by: datetime) -> list[Speaker]:
        """Who has a series of which object, by default with any metric."""
        places = self._object_places if metrics is None else self._places(metrics)
        was_seen = np.array(
            [self.selection.first_seen_at[place] <= first_seen_by for place in places.tolist()], bool
        )
        places = places[was_seen]
        return [
            Speaker(site_id, kind, object_id, source_id)
            for kind, site_id, object_id, source_id, _ in self._latest_by_object(
                places, np.ones(len(places), np.int64)
            )
        ]

    def increase_since(self, metrics: Iterable[str] | None = None, *, start: datetime) -> list[Rise]:
        places = self._places(metrics)
        start = floor(start)
        risen_series, rise, first_ms, last_ms = (
            column.tolist() for column in store.rises(self._ids[places], since=start, before=self._rolled_end)
        )
        total = {
            series: CounterIncrease(increase, instant(first), instant(last))
            for series, increase, first, last in zip(risen_series, rise, first_ms, last_ms, strict=True)
        }
        for series, risen in self._rises_not_rolled_up(self._ids[places], start):
            total[series] = total[series].and_later(risen) if series in total else risen
        rows = self.selection.rows
        return [
            Rise(*(*rows[place], *total[rows[place][0]]))
            for place in places.tolist()
            if rows[place][0] in total
        ]

    def rates(self) -> dict[int, float]:
        readings = rollup.once(*self._raw)
        if not len(readings.starts):
            return {}
        nothing = np.full(len(readings.starts), np.nan)
        rises, elapsed = rollup.steps(readings), rollup.elapsed_s(readings, nothing)
        risen = np.add.reduceat(rises, readings.starts)
        seconds = np.add.reduceat(np.nan_to_num(elapsed), readings.starts)
        has_elapsed = seconds > 0
        series = readings.series[readings.starts[has_elapsed]]
        return dict(zip(series.tolist(), (risen[has_elapsed] / seconds[has_elapsed]).tolist(), strict=True))

    @cached_property
    def _raw(self) -> tuple[Ints, Ints, Floats]:
        """Series, time and value of each sample, in this order; at one instant a reading comes after a marker, and the
        largest last."""
        series, ts_ms, value = store.samples(self._ids, after=self._begin, until=self.now)
        is_later = (series[1:] == series[:-1]) & (ts_ms[1:] > ts_ms[:-1])
        if (is_later | (series[1:] > series[:-1])).all():
            return series, ts_ms, value
        order = np.lexsort((np.where(np.isnan(value), -np.inf, value), ts_ms, series))
        return series[order].astype(np.int64), ts_ms[order].astype(np.int64), value[order]

    def _newest(self, places: Ints, within_s: float, *, readings_only: bool) -> tuple[Ints, Floats]:
        oldest = self.now - timedelta(seconds=within_s)
        series, ts_ms, value = self._raw
        is_recent = ts_ms > _ms(oldest)
        if readings_only:
            is_recent &= ~np.isnan(value)
        series, ts_ms, value = series[is_recent], ts_ms[is_recent], value[is_recent]
        last = np.append(series[1:] != series[:-1], True) if len(series) else np.empty(0, np.bool_)
        series, ts_ms, value = series[last], ts_ms[last], value[last]
        at, values = np.zeros(len(self._ids), np.int64), np.zeros(len(self._ids))
        rows = np.searchsorted(self._ids, series)
        at[rows], values[rows] = ts_ms, value
        missing = places[at[places] == 0]
        at[np.isnan(values)] = 0
        if len(missing) and oldest < self._begin:
            rows, ts_ms, value = self._earlier(missing, oldest)
            at[rows], values[rows] = ts_ms, value
        return at[places], values[places]

    def _earlier(self, places: Ints, oldest: datetime) -> tuple[Ints, Ints, Floats]:
        # Roll-ups are read series by series, and only for series without raw samples. A window may start before and
        # end after this.
        series, ts_ms, value = store.newest(self._ids[places], since=oldest - RAW_TAIL, before=self._begin)
        recent = ts_ms > _ms(oldest)
        return np.searchsorted(self._ids, series[recent]), ts_ms[recent].astype(np.int64), value[recent]

    def _rises_not_rolled_up(self, ids: Ints, start: datetime) -> Iterator[tuple[int, CounterIncrease]]:
        series, ts_ms, value = self._raw
        mine = np.isin(series, ids) & (ts_ms > _ms(self._rolled_end))
        readings = rollup.once(series[mine], ts_ms[mine], value[mine])
        if not len(readings.value):
            return
        firsts = readings.series[readings.starts]
        # The previous reading of the first raw sample, as in a roll-up.
        baseline = store.newest(firsts, since=self._rolled_end - store.MOST_BEHIND, before=self._rolled_end)
        before = np.full(len(firsts), np.nan)
        before[np.searchsorted(firsts, baseline.series)] = baseline.value
        rises = rollup.steps(readings, before)
        for place in np.flatnonzero((rises > 0) & (readings.ts > _ms(start))).tolist():
            at = instant(readings.ts[place])
            yield int(readings.series[place]), CounterIncrease(float(rises[place]), at, at)

    def _places(self, metrics: Iterable[str] | None) -> Ints:
        by_metric = self._places_by_metric
        chosen_metrics = (
            (metric for metric in by_metric if not is_scrapers_own(metric))
            if metrics is None
            else by_metric.keys() & metrics
        )
        return np.sort(_whole([place for metric in chosen_metrics for place in by_metric[metric]]))

    @cached_property
    def _places_by_metric(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = defaultdict(list)
        for place, row in enumerate(self.selection.rows):
            places[row[_METRIC]].append(place)
        return places

    @cached_property
    def _object_places(self) -> Ints:
        places = self._places(None)
        rows = self.selection.rows
        return places[np.array([bool(rows[place][_KIND]) for place in places.tolist()], np.bool_)]

    def _latest_by_object(self, places: Ints, at: Ints) -> Iterator[tuple[str, int, int, int, int]]:
        site_ids, source_ids = self._column("site_id")[places], self._column("source_id")[places]
        for kind, name in OBJECT_COLUMNS.items():
            object_ids = self._column(name)[places]
            order = np.lexsort((at, source_ids, object_ids, site_ids))
            order = order[object_ids[order] > 0]
            keys = np.stack([site_ids[order], object_ids[order], source_ids[order]])
            last = np.append((keys[:, 1:] != keys[:, :-1]).any(axis=0), True) if len(order) else order
            latest = order[np.flatnonzero(last)]
            columns = (site_ids[latest], object_ids[latest], source_ids[latest], at[latest])
            for row in zip(*(column.tolist() for column in columns), strict=True):
                yield kind, *row

    def _column(self, name: str) -> Ints:
        if name not in self._columns:
            number = SERIES_COLUMNS.index(name)
            self._columns[name] = _whole([row[number] or 0 for row in self.selection.rows])
        return self._columns[name]


def _whole(numbers: list[int]) -> Ints:
    return np.array(numbers, np.int64)


def _ms(at: datetime) -> float:
    return (at - EPOCH) / timedelta(milliseconds=1)


def latest(
    site_ids: Iterable[int],
    metrics: Iterable[str] | None,
    *,
    now: datetime,
    within_s: float,
    with_ended: bool = False,
) -> list[Latest]:
    return snapshot(site_ids, metrics, now=now).latest(metrics, within_s=within_s, with_ended=with_ended)


def last_kept(series_ids: Iterable[int]) -> dict[int, DatedValue]:
    ids = np.array(sorted(series_ids), np.int64)
    if not len(ids):
        return {}
    columns = (column.tolist() for column in store.newest_by_hours(ids))
    return {series: DatedValue(value, instant(at_ms)) for series, at_ms, value in zip(*columns, strict=True)}
