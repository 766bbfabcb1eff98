"""When series changed their value."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from telemetry import store
from telemetry.core.instants import FIVE_MINUTES, floor, instant, ms

# How far back the previous value of a span's first value may be.
COMPARED_WITH = timedelta(days=7)
HOURS_BEHIND = timedelta(hours=6)
"""Roll-ups of hours are never further behind."""


def last_changed(series_ids: Iterable[int], *, start: datetime, now: datetime) -> dict[int, datetime]:
    """When each series last took another value, after `start` up to `now`; its first value ever is a change.

    Exact while Muster itself has the raw samples; after that, the last reading of the five minutes that hold the
    change. Unchanged series are left out. Meant for a few series, not for thousands.
    """
    ids = sorted(set(series_ids))
    if not ids:
        return {}
    tail = store.rolled_up_to(now)
    rolled_from = min(floor(start), tail)
    baseline = store.newest(np.array(ids), since=rolled_from - COMPARED_WITH, before=rolled_from)
    last: dict[int, float] = dict(zip(baseline.series.tolist(), baseline.value.tolist(), strict=True))
    changes: dict[int, ValueChange] = {}
    windows = store.windows(np.array(ids), "min", "max", "last", "last_ts", since=rolled_from, before=tail)
    for series, window_ms, low, high, value, at_ms in sorted(
        zip(*(column.tolist() for column in windows), strict=True)
    ):
        at = instant(at_ms)
        if at > start and (low != high or value != last.get(series)):
            changes[series] = ValueChange(at, instant(window_ms), last.get(series))
        last[series] = value
    rolled = {series: change.at for series, change in changes.items()}
    return rolled | _exact(ids, changes, last, start, tail, now)


def value_ranges(
    series_ids: Iterable[int], *, start: datetime, now: datetime
) -> dict[int, tuple[float, float]]:
    """The least and the greatest value of each series from the hour of `start` up to `now`; series without readings are
    left out. One statement: what is read twice does no harm. Meant for a few series: their hours are read one by one.
    """
    ids = sorted(set(series_ids))
    if not ids:
        return {}
    columns = store.ranges(
        np.array(ids),
        since=start,
        five_minutes_from=now - HOURS_BEHIND,
        samples_from=now - store.MOST_BEHIND,
        until=now,
    )
    series, least, greatest = (column.tolist() for column in columns)
    return dict(zip(series, zip(least, greatest, strict=True), strict=True))


class ValueChange(NamedTuple):
    """A change within the five minutes that begin at `window`; `before` is the value before it."""

    at: datetime
    window: datetime
    before: float | None


def _exact(
    ids: list[int],
    changes: dict[int, ValueChange],
    last: dict[int, float],
    start: datetime,
    tail: datetime,
    now: datetime,
) -> dict[int, datetime]:
    # Verdicts need this, and do not wait for a remote storage.
    readable_from = store.remote_until_ms()
    spans = [
        (series, ms(change.window), ms(min(change.window + FIVE_MINUTES, now)))
        for series, change in changes.items()
        if ms(change.window) >= readable_from
    ]
    spans += [(series, ms(tail), ms(now)) for series in ids]
    readings = store.readings_in_spans(*np.array(spans, np.int64).T)
    exact: dict[int, datetime] = {}
    value = {series: change.before for series, change in changes.items()}
    in_tail: set[int] = set()
    for series_id, at_ms, new in zip(*(column.tolist() for column in readings), strict=True):
        at = instant(at_ms)
        if at > tail and series_id not in in_tail:
            in_tail.add(series_id)
            value[series_id] = last.get(series_id)
        if new != value.get(series_id) and at > start:
            exact[series_id] = at
        value[series_id] = new
    return exact
