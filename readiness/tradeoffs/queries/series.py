"""Hourly series as they are kept."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from readiness.tradeoffs.core.days import IntervalDay, joined
from readiness.tradeoffs.core.kinds import KINDS
from readiness.tradeoffs.core.series import FactorSeries
from readiness.tradeoffs.core.units import stored_unit
from readiness.tradeoffs.models import FactorDay


@dataclass(frozen=True, slots=True)
class SourceSeries:
    """The series of one source and currency; `provenance` is that of its newest day."""

    kind: str
    source: str
    unit: str
    currency: str
    basis: str
    provenance: str
    series: FactorSeries


def series_of(site_id: int, kind: str | None, start: datetime, end: datetime) -> tuple[SourceSeries, ...]:
    """Every source's values of a site (None: of all kinds) from start to end; one statement."""
    days = FactorDay.objects.filter(
        site_id=site_id,
        # Hours of a zone with an offset reach into the next UTC day.
        day_on__gte=start.astimezone(UTC).date() - timedelta(days=1),
        day_on__lte=end.astimezone(UTC).date(),
    )
    if kind is not None:
        days = days.filter(kind=kind)
    grouped: dict[tuple[str, str, str], list[FactorDay]] = defaultdict(list)
    for day in days.order_by("kind", "source", "currency", "day_on"):
        grouped[day.kind, day.source, day.currency].append(day)
    sources = []
    for (of_kind, source, currency), of_source in grouped.items():
        series = joined(_day(each) for each in of_source)
        if series is not None:
            unit = stored_unit(KINDS[of_kind].dimension, currency)
            how = (of_source[-1].basis, of_source[-1].provenance)
            sources.append(SourceSeries(of_kind, source, unit, currency, *how, series.within(start, end)))
    return tuple(sources)


def days_of(site_id: int, kind: str, source: str) -> list[FactorDay]:
    return list(FactorDay.objects.of_source(site_id, kind, source).order_by("-day_on"))


def _day(day: FactorDay) -> IntervalDay:
    return IntervalDay(day.day_on, day.step_s, day.offset_s, tuple(day.values))
