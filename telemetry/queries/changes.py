"""When series changed their value."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from telemetry.queries.selection import FIVE_MINUTES, fetch, floor, rolled_up_to

_ROLLED = """
SELECT series_id, start, min, max, last, last_ts FROM telemetry_rollup_5m
WHERE series_id = ANY(%(series)s) AND start >= %(start)s AND start < %(tail)s ORDER BY series_id, start
"""
_BEFORE = """
SELECT series_id, last FROM unnest(%(series)s::bigint[]) AS asked (series_id) CROSS JOIN LATERAL (
    SELECT last FROM telemetry_rollup_5m done WHERE done.series_id = asked.series_id AND start < %(start)s
        AND start >= %(oldest)s ORDER BY start DESC LIMIT 1
) earlier
"""
# Query span by span (OFFSET enforces this): spans are minutes, and hours may lie between them.
_RAW = """
SELECT DISTINCT ON (series_id, ts) series_id, ts, value FROM (
    SELECT start, until, array_agg(series_id) AS ids
    FROM unnest(%(series)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
        AS asked (series_id, start, until) GROUP BY start, until
) span CROSS JOIN LATERAL (
    SELECT series_id, ts, value FROM telemetry_sample
    WHERE ts > span.start AND ts <= span.until AND ts <= %(now)s AND series_id = ANY(span.ids) AND value <> 'NaN'
    OFFSET 0
) held ORDER BY series_id, ts, value DESC
"""
# How far back the previous value of a span's first value may be.
COMPARED_WITH = timedelta(days=7)


def last_changed(series_ids: Iterable[int], *, start: datetime, now: datetime) -> dict[int, datetime]:
    """When each series last took another value, after `start` up to `now`; its first value ever is a change.

    Exact while raw samples last; after that, the last reading of the five minutes that hold the change. Unchanged
    series are left out. Meant for a few series, not for thousands.
    """
    ids = sorted(set(series_ids))
    if not ids:
        return {}
    tail = rolled_up_to(now)
    rolled_from = min(floor(start), tail)
    times = {"series": ids, "start": rolled_from, "oldest": rolled_from - COMPARED_WITH, "tail": tail}
    last: dict[int, float] = dict(fetch(_BEFORE, times))
    changes: dict[int, ValueChange] = {}
    for series, window, low, high, value, at in fetch(_ROLLED, times):
        if at > start and (low != high or value != last.get(series)):
            changes[series] = ValueChange(at, window, last.get(series))
        last[series] = value
    rolled = {series: change.at for series, change in changes.items()}
    return rolled | _exact(ids, changes, last, start, tail, now)


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
    spans = [(series, change.window, change.window + FIVE_MINUTES) for series, change in changes.items()]
    spans += [(series, tail, now) for series in ids]
    series, starts, ends = zip(*spans, strict=True) if spans else ((), (), ())
    asked = {"series": list(series), "starts": list(starts), "ends": list(ends), "now": now}
    exact: dict[int, datetime] = {}
    value = {series: change.before for series, change in changes.items()}
    in_tail: set[int] = set()
    for series_id, at, new in fetch(_RAW, asked):
        if at > tail and series_id not in in_tail:
            in_tail.add(series_id)
            value[series_id] = last.get(series_id)
        if new != value.get(series_id) and at > start:
            exact[series_id] = at
        value[series_id] = new
    return exact
