"""Entering round trips between sites and user regions, or two sites."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

from django.db import transaction

from accounts.models import User
from readiness.tradeoffs.core import tables
from readiness.tradeoffs.core.entries import CheckedValue, LatencyEntry, checked_latency, collected
from readiness.tradeoffs.models import LatencyFactor
from readiness.tradeoffs.operations.entering import Entered, EntryRow, regions_by_slug, sites_by_slug, written
from readiness.tradeoffs.operations.factors import sourced


@transaction.atomic
def enter_latencies(*, entries: Sequence[LatencyEntry], by: User | None, now: datetime) -> Entered:
    """Enter round trips; the same places, percentile, source and day again is a correction. A pair of sites is one row,
    whichever is named first.

    EntriesRefused, with line and field of each, where any of them cannot be stored; then none is.
    """
    site_of = sites_by_slug(slug for entry in entries for slug in (entry.site, entry.other_site))
    region_of = regions_by_slug(entry.user_region for entry in entries)

    def check(entry: LatencyEntry) -> tuple[int, int | None, int | None, CheckedValue]:
        checked = checked_latency(entry, now.date())
        site = site_of(entry.site, "site").pk
        if entry.user_region:
            return site, region_of(entry.user_region).pk, None, checked
        first, second = sorted((site, site_of(entry.other_site, "other_site").pk))
        return first, None, second, checked

    rows = [
        EntryRow(
            entry.line,
            {
                "site_id": site,
                "user_region_id": region,
                "other_site_id": other,
                "percentile": entry.percentile,
                "source": entry.sourcing.source.strip(),
                "as_of_on": entry.sourcing.as_of_on,
            },
            {"value_ms": checked.value, **sourced(entry.sourcing, checked)},
        )
        for entry, (site, region, other, checked) in collected(entries, attrgetter("line"), check)
    ]
    among = {
        "site_id": {row.key["site_id"] for row in rows},
        "source": {row.key["source"] for row in rows},
    }
    message = "The same places, percentile, source and day"
    return written(LatencyFactor, rows, among=among, by=by, twice=message)


def import_latencies(*, content: bytes, by: User | None, now: datetime) -> Entered:
    """Enter each row of a table; see readiness.tradeoffs.core.tables."""
    return enter_latencies(entries=tables.latencies(content), by=by, now=now)
