"""The newest reading of each series, and when each object was last heard of."""

from collections.abc import Iterable
from datetime import datetime

from telemetry.queries.rows import DatedValue, Latest
from telemetry.queries.selection import fetch
from telemetry.queries.snapshot import snapshot

_LAST_KEPT = """
SELECT asked.id, kept.last, kept.last_ts FROM unnest(%(ids)s::bigint[]) AS asked (id) CROSS JOIN LATERAL (
    SELECT last, last_ts FROM telemetry_rollup_1h hour WHERE hour.series_id = asked.id ORDER BY start DESC LIMIT 1
) kept
"""


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
    ids = sorted(series_ids)
    return (
        {series: DatedValue(value, at) for series, value, at in fetch(_LAST_KEPT, {"ids": ids})}
        if ids
        else {}
    )
