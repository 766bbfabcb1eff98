"""Everything a day's measures are made of, read in a constant number of statements."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Min

from inventory.models import CoolingUnit, Device
from readiness.evidence.daily import QUANTILE, WINDOW
from readiness.evidence.measures import (
    INLET_METRICS,
    LOAD_METRICS,
    POWER_METRICS,
    ROUND_TRIP_METRICS,
    SERVING,
    SITE_POWER_METRICS,
    SUPPLY_METRICS,
)
from readiness.evidence.meters import SiteMeters, SitePower, meters_of, power_by_site
from readiness.evidence.queries import start_of
from telemetry import queries as telemetry
from telemetry.core.spec import LabelOperator, Matcher
from telemetry.models import Series
from telemetry.queries import DailySketch, WindowQuantiles

INLET_SENSORS = Matcher("name", LabelOperator.LIKE, ".*[Ii][Nn][Ll][Ee][Tt].*")
ROUND_TRIPS = Matcher("phase", LabelOperator.IS, "rtt")
SENSOR_LABELS = ("name", "sensor", "id")


@dataclass(frozen=True, slots=True)
class GatheredDay:
    """`start` is where the windows of `power` begin; `parts` names what each sketched series is about."""

    start: datetime
    meters: Mapping[int, SiteMeters]
    power: Mapping[int, SitePower]
    power_1s: Mapping[int, SitePower]
    power_10s: Mapping[int, SitePower]
    inlets: Sequence[DailySketch]
    supplies: Sequence[DailySketch]
    trips: Sequence[DailySketch]
    serving: Sequence[WindowQuantiles]
    parts: Mapping[int, str]


def gather_day(site_ids: Collection[int], *, day: date, now: datetime, since: datetime) -> GatheredDay:
    """Return what was sent on `day` up to `now`, and the inventory that says what it means.

    Loads and steps are read from `since` on: their highest so far is kept, so the rest need not be read
    again.
    """
    start = max(start_of(day), since)
    end = min(start_of(day) + timedelta(days=1), now)
    sites = sorted(site_ids)
    # A window that is not over would pass for five minutes with what came in its first.
    whole = start_of(day) + (end - start_of(day)) // WINDOW * WINDOW
    power = (
        telemetry.window_means(sites, LOAD_METRICS, start=start, end=whole, now=now) if start < whole else []
    )
    fast_1s, fast_10s = _fast_meters(sites)
    inlets = telemetry.daily_sketches(sites, INLET_METRICS, day=day, now=now, matchers=[INLET_SENSORS])
    supplies = telemetry.daily_sketches(sites, SUPPLY_METRICS, day=day, now=now)
    trips = telemetry.daily_sketches(sites, ROUND_TRIP_METRICS, day=day, now=now, matchers=[ROUND_TRIPS])
    return GatheredDay(
        start=start,
        meters=meters_of(sites),
        power=power_by_site(power),
        power_1s=_fast_power(fast_1s, start=start, end=end, now=now, step_s=1),
        power_10s=_fast_power(fast_10s, start=start, end=end, now=now, step_s=10),
        inlets=inlets,
        supplies=supplies,
        trips=trips,
        serving=telemetry.window_quantiles(
            sites,
            {measure.key: measure.metrics for measure in SERVING},
            q=QUANTILE,
            start=start_of(day),
            end=whole,
            now=now,
        ),
        parts=_parts(inlets, supplies, trips),
    )


type Meters = set[tuple[int, str]]
"""Sites and the power metrics that they send fast: what is sent slowly need not be looked at by the second."""


def _fast_meters(site_ids: Sequence[int]) -> tuple[Meters, Meters]:
    """Find sites with a meter that sends each second, and of those whose fastest sends within ten. Most have
    neither."""
    cadences = (
        Series.objects.filter(
            site_id__in=site_ids, metric__in=SITE_POWER_METRICS + POWER_METRICS, source__cadence_s__lte=10
        )
        .order_by()
        .values_list("site_id", "metric")
        .annotate(fastest=Min("source__cadence_s"))
    )
    each_second = {(site_id, metric) for site_id, metric, cadence_s in cadences if cadence_s <= 1}
    sites = {site_id for site_id, _ in each_second}
    return each_second, {(site_id, metric) for site_id, metric, _ in cadences if site_id not in sites}


def _fast_power(
    meters: Meters, *, start: datetime, end: datetime, now: datetime, step_s: int
) -> dict[int, SitePower]:
    if not meters or start >= end:
        return {}
    site_ids, metrics = sorted({site_id for site_id, _ in meters}), sorted({metric for _, metric in meters})
    return power_by_site(
        telemetry.window_means(site_ids, metrics, start=start, end=end, now=now, step_s=step_s)
    )


def _parts(
    inlets: Sequence[DailySketch], supplies: Sequence[DailySketch], trips: Sequence[DailySketch]
) -> dict[int, str]:
    """Sensors in service by device and name, loops by cooling unit, round trips by user region."""
    devices = dict(
        Device.objects.in_service()
        .filter(id__in={inlet.device_id for inlet in inlets if inlet.device_id})
        .values_list("id", "name")
    )
    units = dict(
        CoolingUnit.objects.filter(
            id__in={supply.cooling_unit_id for supply in supplies if supply.cooling_unit_id}
        ).values_list("id", "name")
    )
    parts = {
        inlet.series_id: f"{devices[inlet.device_id]} {_sensor(inlet.labels)}".strip()[:200]
        for inlet in inlets
        if inlet.device_id in devices
    }
    parts |= {
        supply.series_id: units[supply.cooling_unit_id]
        for supply in supplies
        if supply.cooling_unit_id in units
    }
    parts |= {
        trip.series_id: trip.labels["user_region"][:200] for trip in trips if trip.labels.get("user_region")
    }
    return parts


def _sensor(labels: Mapping[str, str]) -> str:
    return next((labels[name] for name in SENSOR_LABELS if labels.get(name)), "")
