"""Which days are due, what the kept days say over a span, and limits as lists show them. Only evidence taken at or
before `now` is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import NamedTuple

from django.db.models import Max, Min, Q, QuerySet

from readiness.evidence.core.quantiles import merged_quantile
from readiness.evidence.models import DeclaredLimit, Measure, MeasuredDay
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


@dataclass(frozen=True, slots=True)
class Span:
    """What is asked over the last `days` days: the highest of each key and part, or the quantile `q`."""

    keys: frozenset[str]
    days: int
    q: float | None = None

    def since(self, now: datetime) -> date:
        """The day before its first."""
        return now.astimezone(UTC).date() - timedelta(days=self.days)

    def condition(self, now: datetime) -> Q:
        asked = Q(key__in=sorted(self.keys), on_date__gt=self.since(now))
        return asked if self.q is None else asked & Q(sketch_buckets__isnull=False)


class _Day(NamedTuple):
    """A kept row, its columns in the order that they are read in."""

    site_id: int
    key: str
    part: str
    on_date: date
    value: float | None
    unit: str
    taken_at: datetime
    provenance: str
    detail: str
    sketch_buckets: list[int] | None
    sketch_counts: list[int] | None


def figures(
    site_ids: Collection[int], spans: Sequence[Span], *, now: datetime
) -> list[dict[int, list[SpanFigure]]]:
    """For each span what it asks, by site; one statement."""
    asked = reduce(or_, (span.condition(now) for span in spans))
    rows = Measure.objects.filter(asked, site_id__in=site_ids, taken_at__lte=now)
    kept = [
        _Day._make(row)
        for row in rows.order_by("site_id", "key", "part", "on_date").values_list(*_Day._fields)
    ]
    return [_by_site(_over(span, kept, now)) for span in spans]


def _over(span: Span, kept: Iterable[_Day], now: datetime) -> dict[tuple[int, str, str], SpanFigure]:
    since = span.since(now)
    days = [day for day in kept if day.key in span.keys and day.on_date > since]
    return _highest(days) if span.q is None else _quantiles(days, span.q)


def peaks(
    site_ids: Collection[int], keys: Collection[str], *, days: int, now: datetime
) -> dict[int, list[SpanFigure]]:
    """For each site, key and part: the highest of the last `days` days, with the time and provenance of
    the newest."""
    return figures(site_ids, [Span(frozenset(keys), days)], now=now)[0]


def _highest(days: Iterable[_Day]) -> dict[tuple[int, str, str], SpanFigure]:
    found: dict[tuple[int, str, str], SpanFigure] = {}
    for day in days:
        place = (day.site_id, day.key, day.part)
        before = found.get(place)
        known = [one for one in (day.value, before.value if before else None) if one is not None]
        highest = max(known) if known else None
        found[place] = SpanFigure(
            day.key, day.part, highest, day.unit, day.taken_at, day.provenance, day.detail
        )
    return found


def quantiles(
    site_ids: Collection[int], keys: Collection[str], *, q: float, days: int, now: datetime
) -> dict[int, list[SpanFigure]]:
    """For each site, key and part: the quantile of all samples of the last `days` days."""
    return figures(site_ids, [Span(frozenset(keys), days, q)], now=now)[0]


def _quantiles(days: Iterable[_Day], q: float) -> dict[tuple[int, str, str], SpanFigure]:
    sketches: dict[tuple[int, str, str], list[tuple[list[int], list[int]]]] = defaultdict(list)
    newest: dict[tuple[int, str, str], _Day] = {}
    for day in days:
        if day.sketch_buckets is not None:
            place = (day.site_id, day.key, day.part)
            sketches[place].append((day.sketch_buckets, day.sketch_counts or []))
            newest[place] = day
    return {
        place: SpanFigure(
            day.key,
            day.part,
            merged_quantile(q, sketches[place]),
            day.unit,
            day.taken_at,
            day.provenance,
            "",
        )
        for place, day in newest.items()
    }


def _by_site(found: dict[tuple[int, str, str], SpanFigure]) -> dict[int, list[SpanFigure]]:
    by_site: dict[int, list[SpanFigure]] = defaultdict(list)
    for (site_id, _, _), figure in found.items():
        by_site[site_id].append(figure)
    return by_site


def declared_limits() -> QuerySet[DeclaredLimit]:
    return DeclaredLimit.objects.select_related("site", "workload_class", "by")


def entries_of(declared: DeclaredLimit, *, limit: int = 50) -> list[DeclaredLimit]:
    """What was declared of the same limit for the same site or class, the newest day first."""
    same = {
        "site": declared.site_id,
        "workload_class": declared.workload_class_id,
        "limit_id": declared.limit_id,
    }
    return list(declared_limits().filter(**same).order_by("-declared_on", "-pk")[:limit])
