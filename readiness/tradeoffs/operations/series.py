"""Entering hourly series of prices and carbon intensities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.db import transaction

from accounts.models import User
from inventory.models import Site
from readiness.tradeoffs.core import tables
from readiness.tradeoffs.core.days import IntervalDay, cut
from readiness.tradeoffs.core.entries import FURTHEST, EntriesRefused, EntryError
from readiness.tradeoffs.core.kinds import HOURLY, KINDS, KindSpec
from readiness.tradeoffs.core.series import SeriesRefused, SeriesRow, placed, step_of
from readiness.tradeoffs.core.units import UnitRefused, UnitScale, bounded, scale_of
from readiness.tradeoffs.models import FactorDay
from readiness.tradeoffs.operations.entering import Entered, EntryRow, written


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesOf:
    """The subject of a file's values. `zone` is that of instants without an offset, empty where all have one.

    `step_min` is the length of an interval, None to work it out of the rows.
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
    """Enter the values of a file; a day that the source has already is replaced, as far as the file knows it.

    EntriesRefused where the file, or any of its rows, cannot be stored; then nothing is.
    """
    spec, scale = _of_file(about)
    try:
        points = placed(rows, ZoneInfo(about.zone) if about.zone else None)
        step_s = step_of(points, about.step_min * 60 if about.step_min else None)
    except SeriesRefused as refused:
        raise EntriesRefused([EntryError(refused.line, refused.field, refused.reason)]) from refused
    stored = _values(spec, scale, points, now)
    days = cut(stored, step_s)
    if not days:
        raise EntriesRefused([EntryError(points[0][0], "value", "No row has a value.")])
    days = _with_what_is_known(about, scale.currency, days)
    made = [_row(about, scale, day) for day in days]
    among: dict[str, list[Any]] = {
        "site_id": [about.site.pk],
        "kind": [about.kind],
        "source": [about.source.strip()],
        "day_on": [day.day_on for day in days],
    }
    return written(FactorDay, made, among=among, by=by, twice="The same day")


def import_series(*, about: SeriesOf, content: bytes, by: User | None, now: datetime) -> Entered:
    """Enter a table of `at,value`."""
    return enter_series(about=about, rows=tables.series(content), by=by, now=now)


def _of_file(about: SeriesOf) -> tuple[KindSpec, UnitScale]:
    """Return what holds for the whole file; errors are of line 1."""
    try:
        if about.kind not in HOURLY:
            raise UnitRefused("kind", f"Series are of {', '.join(HOURLY)}.")
        if about.zone and about.zone not in available_timezones():
            raise UnitRefused("zone", f"{about.zone[:60]!r} is not an IANA time zone name.")
        if not about.source.strip():
            raise UnitRefused("source", "Say where the values come from.")
        spec = KINDS[about.kind]
        return spec, scale_of(spec.dimension, about.unit, about.currency)
    except UnitRefused as refused:
        raise EntriesRefused([EntryError(1, refused.field, refused.reason)]) from refused


def _values(
    spec: KindSpec, scale: UnitScale, points: Sequence[tuple[int, datetime, float | None]], now: datetime
) -> list[tuple[datetime, float | None]]:
    """Values in the stored unit; a spike refuses the file, with every line that has one."""
    values: list[tuple[datetime, float | None]] = []
    errors = []
    for line, at, value in points:
        try:
            if abs(at - now) > FURTHEST:
                raise UnitRefused("at", f"{at.isoformat()} is more than twenty years away.")
            held = value
            if value is not None:
                held = bounded(spec, scale, scale.of(value), of_an_hour=True).value
            values.append((at, held))
        except UnitRefused as refused:
            errors.append(EntryError(line, refused.field, refused.reason))
    if errors:
        raise EntriesRefused(errors)
    return values


def _with_what_is_known(about: SeriesOf, currency: str, days: Sequence[IntervalDay]) -> list[IntervalDay]:
    """A file that begins or ends within a day leaves the rest of that day as it is, where grid and currency are the
    same."""
    there = {
        each.day_on: each
        for each in FactorDay.objects.of_source(about.site.pk, about.kind, about.source.strip())
        .filter(day_on__in=[day.day_on for day in days])
        .select_for_update(of=("self",))
    }
    merged = []
    for day in days:
        old = there.get(day.day_on)
        if old is not None and (old.step_s, old.offset_s, old.currency) == (
            day.step_s,
            day.offset_s,
            currency,
        ):
            values = tuple(
                was if new is None else new for new, was in zip(day.values, old.values, strict=True)
            )
            merged.append(IntervalDay(day.day_on, day.step_s, day.offset_s, values))
        else:
            merged.append(day)
    return merged


def _row(about: SeriesOf, scale: UnitScale, day: IntervalDay) -> EntryRow:
    known = day.known
    key = {
        "site_id": about.site.pk,
        "kind": about.kind,
        "source": about.source.strip(),
        "day_on": day.day_on,
    }
    return EntryRow(
        1,
        key,
        {
            "step_s": day.step_s,
            "offset_s": day.offset_s,
            "values": list(day.values),
            "known": len(known),
            "mean": sum(known) / len(known),
            "lowest": min(known),
            "highest": max(known),
            "currency": scale.currency,
            "basis": about.basis,
            "provenance": about.provenance,
        },
    )
