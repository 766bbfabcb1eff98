"""Entered values that hold at an instant, by the calendar of each site, and stored hourly series."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from inventory.models import Site
from inventory.queries.capacity import end_of_day
from readiness.assessment.evidence.core.parsed import worst_provenance
from readiness.demand.workloads.models import UserRegion
from readiness.tradeoffs.factors.core.entries import FactorEntry, checked_factor, collected
from readiness.tradeoffs.factors.core.factors import KnownRate, KnownValue, Rates, ValueBasis
from readiness.tradeoffs.factors.core.series import FactorSeries, IntervalDay, joined
from readiness.tradeoffs.models import ExchangeRate, FactorDay, LatencyFactor, SiteFactor
from readiness.tradeoffs.units import KINDS, stored_unit
from web.cached import CachedAnswer, clock_step
from web.units import day as day_text

SERIES_DAYS = 30
"""Number of days behind the single figure of a series: its mean up to the instant."""


@dataclass(frozen=True, slots=True)
class StoredValues:
    """`values` by site and subject; `ended` says for the others when their newest value stopped holding."""

    values: dict[int, dict[str, list[KnownValue]]] = field(default_factory=lambda: defaultdict(_lists))
    ended: dict[int, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def values_of(self, site_id: int, name: str) -> list[KnownValue]:
        return self.values.get(site_id, {}).get(name, [])

    def why_not(self, site_id: int, name: str) -> str:
        return self.ended.get(site_id, {}).get(name, "")

    def _ends(self, site_id: int, name: str, source: str, until_on: date) -> None:
        self.ended[site_id][name] = f"The last value, of {source}, held until {day_text(until_on)}."


def _lists() -> dict[str, list[KnownValue]]:
    return defaultdict(list)


# Columns with the names of KnownValue's fields, after those for subject, validity and unit.
_STATED = "provenance, low, high, caution, source, as_of_on, until_on"
# The local day at each site; values of later days do not hold yet.
_TODAY = "timezone(site.time_zone, %(at)s)::date"
_FACTORS = f"""
SELECT DISTINCT ON (factor.site_id, factor.kind, source) factor.site_id, factor.kind, site.time_zone, {_TODAY} AS today,
    basis, note AS detail, value, currency, {_STATED}
FROM tradeoffs_sitefactor factor JOIN inventory_site site ON site.id = factor.site_id
WHERE factor.site_id = ANY(%(sites)s) AND factor.kind = ANY(%(kinds)s) AND as_of_on <= {_TODAY}
ORDER BY factor.site_id, factor.kind, source, as_of_on DESC
"""
_LATENCIES = f"""
SELECT DISTINCT ON (latency.site_id, user_region_id, other_site_id, percentile, source)
    latency.site_id, site.slug, region.slug AS region, other.id AS other_id, other.slug AS other,
    site.time_zone, {_TODAY} AS today, basis, note AS detail, value_ms AS value, percentile, {_STATED}
FROM tradeoffs_latencyfactor latency JOIN inventory_site site ON site.id = latency.site_id
LEFT JOIN workloads_userregion region ON region.id = user_region_id
LEFT JOIN inventory_site other ON other.id = other_site_id
WHERE (latency.site_id = ANY(%(sites)s) OR other_site_id = ANY(%(sites)s))
    AND (region.slug IS NULL OR region.slug = ANY(%(regions)s)) AND as_of_on <= {_TODAY}
ORDER BY latency.site_id, user_region_id, other_site_id, percentile, source, as_of_on DESC
"""
# Weight days by their known hours, so that the mean is that of all hours.
_SERIES = """
SELECT site_id, kind, source, currency, min(basis) AS basis, array_agg(DISTINCT provenance) AS provenances,
    sum(mean * known::int * step_s) / sum(known::int * step_s) AS value, min(mean) AS low, max(mean) AS high,
    sum(known::int * step_s) / 86400.0 AS days, max(day_on) AS newest
FROM tradeoffs_factorday
WHERE site_id = ANY(%(sites)s) AND kind = ANY(%(kinds)s) AND day_on > %(since)s AND day_on <= %(until)s
GROUP BY site_id, kind, source, currency ORDER BY site_id, kind, source, currency
"""
_RATES = """
SELECT DISTINCT ON (currency, to_currency, source) currency, to_currency, rate, source, as_of_on
FROM tradeoffs_exchangerate WHERE as_of_on <= %(day)s ORDER BY currency, to_currency, source, as_of_on DESC
"""


def factors(site_ids: Collection[int], kinds: Collection[str], at: datetime) -> StoredValues:
    entered = StoredValues()
    for row in _fetch(_FACTORS, {"sites": list(site_ids), "kinds": list(kinds), "at": at}):
        site_id, kind = row.pop("site_id"), row.pop("kind")
        if _is_over(row):
            entered._ends(site_id, kind, row["source"], row["until_on"])
        else:
            unit = stored_unit(KINDS[kind].dimension, row["currency"])
            entered.values[site_id][kind].append(_known(row, unit))
    return entered


def _is_over(row: Mapping[str, Any]) -> bool:
    return row["until_on"] is not None and row["until_on"] < row["today"]


def _known(row: dict[str, Any], unit: str) -> KnownValue:
    zone, basis = row.pop("time_zone"), ValueBasis(row.pop("basis"))
    del row["today"]
    return KnownValue(unit=unit, basis=basis, as_of=beginning(row["as_of_on"], zone), **row)


type _Entered = tuple[StoredValues, StoredValues, StoredValues, StoredValues]

CALENDARS = timedelta(minutes=15)
"""Local days begin on a quarter of an hour, because every zone's offset is a multiple of one."""
ENTERED: CachedAnswer[None, _Entered] = CachedAnswer(
    "entered factors",
    models=(SiteFactor, LatencyFactor, FactorDay, UserRegion, Site),
    grain=CALENDARS,
    most=8,
)


def stored_values(
    site_ids: Collection[int], kinds: Collection[str], regions: Collection[str], at: datetime
) -> _Entered:
    """Return entered values, means of series, round trips to user regions and between sites.

    One statement, or four if they changed since the last call: entries are few and needed often, at each step of a
    slider.
    """
    since = clock_step(at, CALENDARS)
    return ENTERED.value(
        lambda: (
            factors(site_ids, kinds, since),
            series_means(site_ids, kinds, since),
            *latencies(site_ids, regions, since),
        ),
        key=(tuple(site_ids), tuple(sorted(kinds)), tuple(sorted(regions))),
        now=since,
    )


def latencies(
    site_ids: Collection[int], regions: Collection[str], at: datetime
) -> tuple[StoredValues, StoredValues]:
    """Return round trips by site and slug of the user region or other site."""
    to_regions, to_sites = StoredValues(), StoredValues()
    for row in _fetch(_LATENCIES, {"sites": list(site_ids), "regions": list(regions), "at": at}):
        site_id, slug, region, other_id, other = (
            row.pop(name) for name in ("site_id", "slug", "region", "other_id", "other")
        )
        if _is_over(row):
            if region:
                to_regions._ends(site_id, region, row["source"], row["until_on"])
        elif region:
            to_regions.values[site_id][region].append(_known(row, "ms"))
        else:
            value = _known(row, "ms")
            to_sites.values[site_id][other].append(value)
            to_sites.values[other_id][slug].append(value)
    return to_regions, to_sites


def series_means(site_ids: Collection[int], kinds: Collection[str], at: datetime) -> StoredValues:
    """Return the mean of each series over the last `SERIES_DAYS` whole UTC days; one statement.

    The band is that of the daily means. The coverage is the known share of the days.
    """
    until = at.astimezone(UTC).date() - timedelta(days=1)
    parameters = {
        "sites": list(site_ids),
        "kinds": list(kinds),
        "since": until - timedelta(days=SERIES_DAYS),
        "until": until,
    }
    means = StoredValues()
    for row in _fetch(_SERIES, parameters):
        kind, mean = row["kind"], row["value"]
        means.values[row["site_id"]][kind].append(
            KnownValue(
                **{name: row[name] for name in ("value", "currency", "source")},
                unit=stored_unit(KINDS[kind].dimension, row["currency"]),
                basis=ValueBasis(row["basis"]),
                provenance=worst_provenance(row["provenances"]),
                as_of=end_of_day(row["newest"], "UTC"),
                low=min(row["low"], mean),
                high=max(row["high"], mean),
                coverage=float(row["days"]) / SERIES_DAYS,
                detail=f"mean of the hours of {SERIES_DAYS} days",
            )
        )
    return means


def known_rates(at: datetime) -> Rates:
    rows = _fetch(_RATES, {"day": at.astimezone(UTC).date()})
    return Rates(tuple(KnownRate(as_of=beginning(row.pop("as_of_on"), "UTC"), **row) for row in rows))


def beginning(day: date, zone: str) -> datetime:
    return end_of_day(day - timedelta(days=1), zone)


def _fetch(statement: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


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
    """All sources' values of a site (None: of all kinds) from start to end; one statement."""
    days = FactorDay.objects.filter(
        site_id=site_id,
        # Hours of a zone with an offset may reach into the next UTC day.
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
        series = joined(
            IntervalDay(each.day_on, each.step_s, each.offset_s, tuple(each.values)) for each in of_source
        )
        if series is not None:
            unit = stored_unit(KINDS[of_kind].dimension, currency)
            how = (of_source[-1].basis, of_source[-1].provenance)
            sources.append(
                SourceSeries(of_kind, source, unit, currency, *how, series.part_between(start, end))
            )
    return tuple(sources)


def days_of(site_id: int, kind: str, source: str) -> list[FactorDay]:
    return list(FactorDay.objects.days_of_source(site_id, kind, source).order_by("-day_on"))


def entries(site: Site | None = None) -> QuerySet[SiteFactor]:
    rows = SiteFactor.objects.select_related("site", "by")
    return rows if site is None else rows.filter(site=site)


def exchange_rates() -> QuerySet[ExchangeRate]:
    return ExchangeRate.objects.select_related("by")


def hourly_kinds(site: Site) -> list[str]:
    kinds = FactorDay.objects.filter(site=site).order_by("kind").values_list("kind", flat=True)
    return list(kinds.distinct())


def preview(entry: FactorEntry, *, now: datetime) -> dict[str, Any]:
    """How an entry would be stored, and the source's present value for that day."""
    ((_, checked),) = collected(
        [entry], lambda each: each.line, lambda each: checked_factor(each, now.date())
    )
    corrects = SiteFactor.objects.filter(
        site__slug=entry.site, kind=entry.kind, source=entry.source.strip(), as_of_on=entry.as_of_on
    ).first()
    unit = stored_unit(KINDS[entry.kind].dimension, checked.currency)
    return {"checked": checked, "unit": unit, "corrects": corrects}
