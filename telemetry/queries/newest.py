"""The newest reading of each series, and when each object was last heard of."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from telemetry.queries.rows import SERIES_COLUMNS, Latest, Seen
from telemetry.queries.selection import (
    RAW_TAIL,
    Selection,
    Values,
    fetch,
    fetch_columns,
    instant,
    rolled_up_to,
    select,
)

_RECENT = """
SELECT array_agg(series_id), array_agg(ts), array_agg(nullif(value, 'NaN')) FROM (
    SELECT DISTINCT ON (series_id) series_id, ts, value FROM telemetry_sample
    WHERE ts > %(tail)s AND ts <= %(now)s AND (value <> 'NaN' OR NOT %(readings_only)s) AND series_id = ANY(%(ids)s)
    ORDER BY series_id, ts DESC, value = 'NaN', value DESC
)
"""
# Roll-ups are asked series by series, and only for those that the raw tail does not know.
_EARLIER = """
SELECT asked.series_id, last_ts, last FROM unnest(%(ids)s::bigint[]) AS asked (series_id) CROSS JOIN LATERAL (
    SELECT last_ts, last FROM telemetry_rollup_5m done
    WHERE done.series_id = asked.series_id AND start >= %(oldest_window)s AND start < %(tail)s
    ORDER BY start DESC LIMIT 1
) earlier WHERE last_ts > %(oldest)s
"""
# Columns of a series that name an object, and the object's kind.
_OBJECTS = {
    SERIES_COLUMNS.index(column): kind
    for column, kind in {
        "accelerator_id": "accelerator",
        "device_id": "device",
        "port_id": "port",
        "power_feed_id": "feed",
        "link_id": "link",
        "cooling_unit_id": "cooling-unit",
    }.items()
}
_SITE, _SOURCE = SERIES_COLUMNS.index("site_id"), SERIES_COLUMNS.index("source_id")


class Reading(NamedTuple):
    ts: datetime
    value: float


def latest(
    site_ids: Iterable[int],
    metrics: Iterable[str] | None,
    *,
    now: datetime,
    within_s: float,
    with_ended: bool = False,
) -> list[Latest]:
    """The newest reading of each series in the `within_s` up to `now`; series that ended since are left out,
    unless asked for.

    `metrics` None: all but what a scraper says of itself (`up`, `scrape_…`, `ALERTS…`).
    """
    selection = select(site_ids, metrics)
    found = _newest(selection, now, within_s, readings_only=with_ended)
    if not with_ended:
        for row, ended_at in zip(selection.rows, selection.ended_at, strict=True):
            if ended_at is not None and ended_at <= now and row[0] in found and found[row[0]].ts <= ended_at:
                del found[row[0]]
    return [Latest._make((*row, *found[row[0]])) for row in selection.rows if row[0] in found]


def last_seen(site_ids: Iterable[int], *, now: datetime, within_s: float) -> list[Seen]:
    """When each source last had a reading of each object, of those it had in the `within_s` up to `now`.

    A reading of an accelerator, a port or a feed is one of its device too. What a scraper says of itself counts for
    nothing: it goes on when the exporter is gone.
    """
    selection = select(site_ids, None)
    found = _newest(selection, now, within_s, readings_only=True)
    seen: dict[tuple[int, str, int, int], datetime] = {}
    for row in selection.rows:
        if reading := found.get(row[0]):
            for place, kind in _OBJECTS.items():
                if row[place] is not None:
                    key = row[_SITE], kind, row[place], row[_SOURCE]
                    seen[key] = max(reading.ts, seen.get(key, reading.ts))
    return [Seen(*key, at) for key, at in sorted(seen.items())]


def _newest(
    selection: Selection, now: datetime, within_s: float, *, readings_only: bool
) -> dict[int, Reading]:
    """The newest reading by series. A newer stale marker hides it, unless readings are all that is asked for."""
    times = _times(now, within_s)
    ids = selection.ids
    series, ts_ms, values = fetch_columns(_RECENT, times | {"ids": ids, "readings_only": readings_only})
    recent = dict(zip(series.tolist(), zip(ts_ms.tolist(), values.tolist(), strict=True), strict=True))
    found = {one: Reading(instant(at), value) for one, (at, value) in recent.items() if value == value}
    missing = [one for one in ids.tolist() if one not in recent]
    if missing and times["oldest"] < times["tail"]:
        for one, at, value in fetch(_EARLIER, times | {"ids": missing}):
            found[one] = Reading(at, value)
    return found


def _times(now: datetime, within_s: float) -> Values:
    oldest = now - timedelta(seconds=within_s)
    tail = min(rolled_up_to(now), now - RAW_TAIL)
    return {
        "now": now,
        "oldest": oldest,
        # A window that starts before may end after.
        "oldest_window": oldest - RAW_TAIL,
        "tail": max(tail, oldest),
    }
