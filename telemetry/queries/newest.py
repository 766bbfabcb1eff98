"""The newest reading of each series, and when each object was last heard of."""

from collections.abc import Iterable
from datetime import datetime

from telemetry.queries.rows import Latest, Seen
from telemetry.queries.snapshot import snapshot


def latest(
    site_ids: Iterable[int],
    metrics: Iterable[str] | None,
    *,
    now: datetime,
    within_s: float,
    with_ended: bool = False,
) -> list[Latest]:
    """As `Snapshot.latest`. `metrics` None: all but what a scraper says of itself (`up`, `scrape_…`, `ALERTS…`)."""
    return snapshot(site_ids, metrics, now=now).latest(metrics, within_s=within_s, with_ended=with_ended)


def last_seen(site_ids: Iterable[int], *, now: datetime, within_s: float) -> list[Seen]:
    """As `Snapshot.last_seen`."""
    return snapshot(site_ids, None, now=now).last_seen(within_s=within_s)
