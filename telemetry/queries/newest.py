"""The newest reading of each series, and when each object was last heard of."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from telemetry.queries.rows import Latest, Seen
from telemetry.queries.selection import (
    RAW_TAIL,
    Values,
    fetch,
    rolled_up_to,
    series_columns,
    wanted,
)

# Roll-ups are asked series by series, and only for those that the raw tail does not know.
_EARLIER = """
CROSS JOIN LATERAL (
    SELECT last_ts, last FROM telemetry_rollup_5m done
    WHERE done.series_id = wanted.series_id AND start >= %(oldest_window)s AND start < %(tail)s
    ORDER BY start DESC LIMIT 1
) earlier
"""
_LATEST = """
WITH {wanted}, recent AS MATERIALIZED (
    SELECT DISTINCT ON (series_id) series_id, ts, value FROM telemetry_sample
    WHERE ts > %(tail)s AND ts <= %(now)s AND (value <> 'NaN' OR NOT %(with_ended)s)
        AND series_id IN (SELECT series_id FROM wanted)
    ORDER BY series_id, ts DESC, value = 'NaN', value DESC
)
SELECT {columns}, ts, value FROM wanted JOIN recent USING (series_id) WHERE value <> 'NaN'
UNION ALL
SELECT {columns}, earlier.last_ts, earlier.last FROM wanted {earlier}
WHERE NOT EXISTS (SELECT FROM recent WHERE recent.series_id = wanted.series_id) AND earlier.last_ts > %(oldest)s
    AND (%(with_ended)s OR ended_at IS NULL OR ended_at > %(now)s OR ended_at < earlier.last_ts)
ORDER BY 1
"""
_SEEN = """
WITH {wanted}, recent AS MATERIALIZED (
    SELECT series_id, max(ts) AS at FROM telemetry_sample
    WHERE ts > %(tail)s AND ts <= %(now)s AND value <> 'NaN' AND series_id IN (SELECT series_id FROM wanted)
    GROUP BY series_id
), newest AS (
    SELECT series_id, at FROM recent
    UNION ALL
    SELECT wanted.series_id, earlier.last_ts FROM wanted {earlier}
    WHERE NOT EXISTS (SELECT FROM recent WHERE recent.series_id = wanted.series_id) AND earlier.last_ts > %(oldest)s
)
SELECT site_id, kind, object_id, source_id, max(at)
FROM newest JOIN wanted USING (series_id) CROSS JOIN LATERAL (VALUES
    ('accelerator', accelerator_id), ('device', device_id), ('port', port_id), ('feed', power_feed_id),
    ('link', link_id), ('cooling-unit', cooling_unit_id)) AS object (kind, object_id)
WHERE object_id IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""


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
    part, values = wanted(site_ids, metrics)
    statement = _LATEST.format(wanted=part, columns=series_columns(), earlier=_EARLIER)
    return [
        Latest._make(row)
        for row in fetch(statement, values | _times(now, within_s) | {"with_ended": with_ended})
    ]


def last_seen(site_ids: Iterable[int], *, now: datetime, within_s: float) -> list[Seen]:
    """When each source last had a reading of each object, of those it had in the `within_s` up to `now`.

    A reading of an accelerator, a port or a feed is one of its device too. What a scraper says of itself counts for
    nothing: it goes on when the exporter is gone.
    """
    part, values = wanted(site_ids, None)
    statement = _SEEN.format(wanted=part, earlier=_EARLIER)
    return [Seen._make(row) for row in fetch(statement, values | _times(now, within_s))]


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
