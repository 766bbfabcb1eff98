"""Enter factors of sites: values, round trips, rates, hourly series.

All rows are stored or none. A row with an existing key corrects it. EntriesRefused names every wrong entry by its line.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.db import models, transaction

from accounts.models import User
from inventory.models import Site
from readiness.demand.workloads.models import UserRegion
from readiness.tradeoffs.factors.core.entries import (
    FURTHEST,
    CheckedValue,
    EntriesRefused,
    EntryError,
    FactorEntry,
    LatencyEntry,
    RateEntry,
    SiteEntry,
    StatedEntry,
    checked_factor,
    checked_latency,
    checked_rate,
    collected,
)
from readiness.tradeoffs.factors.core.series import (
    IntervalDay,
    SeriesRefused,
    SeriesRow,
    cut,
    placed,
    step_of,
)
from readiness.tradeoffs.models import ExchangeRate, FactorDay, LatencyFactor, SiteFactor
from readiness.tradeoffs.units import HOURLY, KINDS, KindSpec, UnitScale, bounded, scale_of
from web.parameters import BadParameter

_line = attrgetter("line")


@dataclass(frozen=True, slots=True)
class EntryRow:
    """A row to store: `key` identifies it, `values` are the other columns."""

    line: int
    key: Mapping[str, Any]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entered:
    """The result of entering rows; `rows` are in the order of sending."""

    created: int = 0
    corrected: int = 0
    unchanged: int = 0
    rows: list[Any] = field(default_factory=list, compare=False)

    def __str__(self) -> str:
        return f"{self.created} new, {self.corrected} corrected, {self.unchanged} unchanged"


@transaction.atomic
def enter_factors(*, entries: Sequence[FactorEntry], by: User | None, now: datetime) -> Entered:
    sites = _slug_lookup(Site, (entry.site for entry in entries))
    rows = [
        EntryRow(
            entry.line,
            {"site_id": site.pk, "kind": entry.kind, **_source_columns(entry)},
            {"value": checked.value, "currency": checked.currency, **_sourced(entry, checked)},
        )
        for entry, (site, checked) in collected(
            entries, _line, lambda entry: (sites(entry.site, "site"), checked_factor(entry, now.date()))
        )
    ]
    among = ("site_id", "kind", "source")
    return _written(SiteFactor, rows, among=among, by=by, twice="The same site, factor, source and day")


@transaction.atomic
def enter_latencies(*, entries: Sequence[LatencyEntry], by: User | None, now: datetime) -> Entered:
    """Enter round trips. A pair of sites is one row, in either order."""
    sites = _slug_lookup(Site, (slug for entry in entries for slug in (entry.site, entry.other_site)))
    regions = _slug_lookup(UserRegion, (entry.user_region for entry in entries))

    def check(entry: LatencyEntry) -> tuple[int, int | None, int | None, CheckedValue]:
        checked = checked_latency(entry, now.date())
        site = sites(entry.site, "site").pk
        if entry.user_region:
            return site, regions(entry.user_region, "user_region").pk, None, checked
        first, second = sorted((site, sites(entry.other_site, "other_site").pk))
        return first, None, second, checked

    rows = [
        EntryRow(
            entry.line,
            {
                "site_id": site,
                "user_region_id": region,
                "other_site_id": other,
                "percentile": entry.percentile,
                **_source_columns(entry),
            },
            {"value_ms": checked.value, **_sourced(entry, checked)},
        )
        for entry, (site, region, other, checked) in collected(entries, _line, check)
    ]
    twice = "The same places, percentile, source and day"
    return _written(LatencyFactor, rows, among=("site_id", "source"), by=by, twice=twice)


@transaction.atomic
def enter_rates(*, entries: Sequence[RateEntry], by: User | None, now: datetime) -> Entered:
    rows = [
        EntryRow(
            entry.line,
            {"currency": entry.currency, "to_currency": entry.to_currency, **_source_columns(entry)},
            {"rate": rate, "provenance": entry.provenance},
        )
        for entry, rate in collected(entries, _line, lambda entry: checked_rate(entry, now.date()))
    ]
    among = ("currency", "source")
    return _written(ExchangeRate, rows, among=among, by=by, twice="The same pair, source and day")


def _source_columns(stated: StatedEntry) -> dict[str, Any]:
    return {"source": stated.source.strip(), "as_of_on": stated.as_of_on}


def _sourced(entry: SiteEntry, checked: CheckedValue) -> dict[str, Any]:
    of_source = {name: getattr(entry, name) for name in ("basis", "provenance", "until_on", "note")}
    return of_source | {name: getattr(checked, name) for name in ("low", "high", "stated", "caution")}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesOf:
    """The subject of a file's values.

    `zone` applies to instants without an offset, empty if all have one. `step_min` is the length of an interval, None
    to derive it from the rows.
    """

    site: Site
    kind: str
    unit: str
    source: str
    currency: str = ""
    basis: str = "published"
    provenance: str = "declared"
    zone: str = ""
    step_min: int | None = None


@transaction.atomic
def enter_series(*, about: SeriesOf, rows: Sequence[SeriesRow], by: User | None, now: datetime) -> Entered:
    """Enter the values of a file; they replace the source's values of the same days, as far as the file has any."""
    spec, scale = _kind_and_scale(about)
    try:
        points = placed(rows, ZoneInfo(about.zone) if about.zone else None)
        step_s = step_of(points, about.step_min * 60 if about.step_min else None)
    except SeriesRefused as refused:
        raise EntriesRefused([EntryError(refused.line, refused.field, refused.reason)]) from refused
    days = cut(_values(spec, scale, points, now), step_s)
    if not days:
        raise EntriesRefused([EntryError(points[0][0], "value", "No row has a value.")])
    day_rows = [_day_row(about, scale, day) for day in _merged_days(about, scale.currency, days)]
    among = ("site_id", "kind", "source", "day_on")
    return _written(FactorDay, day_rows, among=among, by=by, twice="The same day")


def _kind_and_scale(about: SeriesOf) -> tuple[KindSpec, UnitScale]:
    try:
        if about.kind not in HOURLY:
            raise BadParameter("kind", f"Series are of {', '.join(HOURLY)}.")
        if about.zone and about.zone not in available_timezones():
            raise BadParameter("zone", f"{about.zone[:60]!r} is not an IANA time zone name.")
        if not about.source.strip():
            raise BadParameter("source", "Enter where the values come from.")
        spec = KINDS[about.kind]
        return spec, scale_of(spec.dimension, about.unit, about.currency)
    except BadParameter as refused:
        raise EntriesRefused([EntryError(1, refused.field, refused.reason)]) from refused


def _values(
    spec: KindSpec, scale: UnitScale, points: Sequence[tuple[int, datetime, float | None]], now: datetime
) -> list[tuple[datetime, float | None]]:
    def stored(point: tuple[int, datetime, float | None]) -> float | None:
        _line_of, at, value = point
        if abs(at - now) > FURTHEST:
            raise BadParameter("at", f"{at.isoformat()} is more than twenty years away.")
        if value is None:
            return None
        bounded(spec, scale, scale.stored(value), of_an_hour=True)
        return scale.stored(value)

    return [(at, value) for (_, at, _), value in collected(points, itemgetter(0), stored)]


def _merged_days(about: SeriesOf, currency: str, days: Sequence[IntervalDay]) -> list[IntervalDay]:
    """A file that begins or ends within a day leaves the rest of that day as it is, if grid and currency are the
    same."""
    of_source = FactorDay.objects.days_of_source(about.site.pk, about.kind, about.source.strip())
    of_days = of_source.filter(day_on__in=[day.day_on for day in days])
    stored_days = {each.day_on: each for each in of_days.select_for_update(of=("self",))}
    merged = []
    for day in days:
        old = stored_days.get(day.day_on)
        grid = (day.step_s, day.offset_s, currency)
        if old is not None and (old.step_s, old.offset_s, old.currency) == grid:
            pairs = zip(day.values, old.values, strict=True)
            values = tuple(old_value if new_value is None else new_value for new_value, old_value in pairs)
            merged.append(IntervalDay(day.day_on, day.step_s, day.offset_s, values))
        else:
            merged.append(day)
    return merged


def _day_row(about: SeriesOf, scale: UnitScale, day: IntervalDay) -> EntryRow:
    values_of_day = day.known_values
    key = {"site_id": about.site.pk, "kind": about.kind, "source": about.source.strip(), "day_on": day.day_on}
    values = {
        "step_s": day.step_s,
        "offset_s": day.offset_s,
        "values": list(day.values),
        "known": len(values_of_day),
        "mean": sum(values_of_day) / len(values_of_day),
        "lowest": min(values_of_day),
        "highest": max(values_of_day),
        "currency": scale.currency,
        "basis": about.basis,
        "provenance": about.provenance,
    }
    return EntryRow(1, key, values)


def _written(
    model: type[models.Model], rows: Sequence[EntryRow], *, among: Iterable[str], by: Any, twice: str
) -> Entered:
    """Write the rows in three statements; raises EntriesRefused if two of them have the same key.

    Existing rows that share the values of `among` are read and locked, so that two imports of one key wait for each
    other.
    """
    _refuse_twice(rows, twice)
    columns = list(rows[0].key) if rows else []
    conditions = {f"{column}__in": list({row.key[column] for row in rows}) for column in among}
    manager = model._default_manager
    existing = {
        tuple(getattr(obj, column) for column in columns): obj
        for obj in manager.select_for_update(of=("self",)).filter(**conditions).order_by("pk")
    }
    created, corrected, everyone = [], [], []
    for row in rows:
        obj = existing.get(tuple(row.key.values()))
        if obj is None:
            obj = model(**row.key, **row.values, by=by)
            created.append(obj)
        elif any(getattr(obj, name) != value for name, value in row.values.items()):
            for name, value in (*row.values.items(), ("by", by)):
                setattr(obj, name, value)
            corrected.append(obj)
        everyone.append(obj)
    if created:
        # A row entered since the look-up is corrected, as if it had come first.
        manager.bulk_create(
            created, update_conflicts=True, unique_fields=columns, update_fields=[*rows[0].values, "by"]
        )
    if corrected:
        manager.bulk_update(corrected, [*rows[0].values, "by"])
    return Entered(len(created), len(corrected), len(rows) - len(created) - len(corrected), everyone)


def _refuse_twice(rows: Iterable[EntryRow], message: str) -> None:
    first: dict[tuple[Any, ...], int] = {}
    errors = []
    for row in rows:
        key = tuple(row.key.values())
        if key in first:
            errors.append(EntryError(row.line, "as_of_on", f"{message} is already in line {first[key]}."))
        first.setdefault(key, row.line)
    if errors:
        raise EntriesRefused(errors)


def _slug_lookup(model: type[models.Model], slugs: Iterable[str]) -> Callable[[str, str], Any]:
    """Look up objects by slug in one statement; raises BadParameter with the field for an unknown slug."""
    objects = model._default_manager.in_bulk(sorted(set(slugs) - {""}), field_name="slug")

    def look_up(slug: str, field: str) -> Any:
        if slug not in objects:
            raise BadParameter(field, f"There is no {model._meta.verbose_name} {slug[:60]!r}.")
        return objects[slug]

    return look_up
