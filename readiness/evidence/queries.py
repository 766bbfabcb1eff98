"""Which days are due, and what the kept days say over a span. Only evidence taken at or before `now` is
read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Max, Min

from readiness.evidence.core.quantiles import merged_quantile
from readiness.evidence.models import Measure, MeasuredDay
from telemetry.models import Series

FRESH_FOR = timedelta(seconds=60)
"""Today's rows are refreshed no sooner than this."""
CLOSE_AFTER = timedelta(minutes=15)
"""A day is closed this long after its end, when its last windows have been rolled up."""
CATCH_UP_DAYS = 31
"""How far back days are measured that were missed: what the 30-day peak looks at."""


def start_of(day: date) -> datetime:
    """The first instant of a UTC day."""
    return datetime.combine(day, time(), UTC)


def due_days(*, now: datetime, site_ids: Collection[int] | None = None) -> dict[date, set[int]]:
    """Sites by UTC day that is due: today where samples came since, and days that are over and not closed
    yet."""
    today = now.astimezone(UTC).date()
    oldest = today - timedelta(days=CATCH_UP_DAYS)
    series = Series.objects.filter(site__isnull=False)
    if site_ids is not None:
        series = series.filter(site_id__in=site_ids)
    sending = series.values_list("site_id").annotate(
        first=Min("first_seen_at"), received=Max("source__status__last_received_at")
    )
    noted = {
        (site_id, day): (measured_at, closed)
        for site_id, day, measured_at, closed in MeasuredDay.objects.filter(on_date__gte=oldest).values_list(
            "site_id", "on_date", "measured_at", "closed"
        )
    }
    due: dict[date, set[int]] = defaultdict(set)
    for site_id, first, received in sending:
        day = max(first.astimezone(UTC).date(), oldest)
        while day <= today:
            if _is_due(noted.get((site_id, day)), day, received, now):
                due[day].add(site_id)
            day += timedelta(days=1)
    return due


def _is_due(noted: tuple[datetime, bool] | None, day: date, received: datetime | None, now: datetime) -> bool:
    if noted is None:
        return True
    measured_at, closed = noted
    if now >= start_of(day) + timedelta(days=1) + CLOSE_AFTER:
        return not closed
    changed = received is not None and received > measured_at
    return changed and now >= measured_at + FRESH_FOR


@dataclass(frozen=True, slots=True)
class SpanFigure:
    """A figure over several days. `part` names what it is about, `detail` what it leaves out."""

    key: str
    part: str
    value: float | None
    unit: str
    taken_at: datetime
    provenance: str
    detail: str


def peaks(
    site_ids: Collection[int], keys: Collection[str], *, days: int, now: datetime
) -> dict[int, list[SpanFigure]]:
    """For each site, key and part: the highest of the last `days` days, with the time and provenance of
    the newest."""
    rows = (
        Measure.objects.filter(
            site_id__in=site_ids,
            key__in=keys,
            on_date__gt=now.astimezone(UTC).date() - timedelta(days=days),
            taken_at__lte=now,
        )
        .order_by("site_id", "key", "part", "on_date")
        .values_list("site_id", "key", "part", "value", "unit", "taken_at", "provenance", "detail")
    )
    found: dict[tuple[int, str, str], SpanFigure] = {}
    for site_id, key, part, value, unit, taken_at, provenance, detail in rows:
        before = found.get((site_id, key, part))
        known = [one for one in (value, before.value if before else None) if one is not None]
        highest = max(known) if known else None
        found[site_id, key, part] = SpanFigure(key, part, highest, unit, taken_at, provenance, detail)
    return _by_site(found)


def quantiles(
    site_ids: Collection[int], keys: Collection[str], *, q: float, days: int, now: datetime
) -> dict[int, list[SpanFigure]]:
    """For each site, key and part: the quantile of all samples of the last `days` days."""
    rows = (
        Measure.objects.filter(
            site_id__in=site_ids,
            key__in=keys,
            on_date__gt=now.astimezone(UTC).date() - timedelta(days=days),
            taken_at__lte=now,
            sketch_buckets__isnull=False,
        )
        .order_by("site_id", "key", "part", "on_date")
        .values_list(
            "site_id", "key", "part", "unit", "taken_at", "provenance", "sketch_buckets", "sketch_counts"
        )
    )
    days_of: dict[tuple[int, str, str], list[tuple[list[int], list[int]]]] = defaultdict(list)
    newest: dict[tuple[int, str, str], tuple[str, datetime, str]] = {}
    for site_id, key, part, unit, taken_at, provenance, buckets, counts in rows:
        days_of[site_id, key, part].append((buckets, counts))
        newest[site_id, key, part] = (unit, taken_at, provenance)
    found = {}
    for place, sketches in days_of.items():
        unit, taken_at, provenance = newest[place]
        value = merged_quantile(q, sketches)
        found[place] = SpanFigure(place[1], place[2], value, unit, taken_at, provenance, "")
    return _by_site(found)


def _by_site(found: dict[tuple[int, str, str], SpanFigure]) -> dict[int, list[SpanFigure]]:
    by_site: dict[int, list[SpanFigure]] = defaultdict(list)
    for (site_id, _, _), figure in found.items():
        by_site[site_id].append(figure)
    return by_site
