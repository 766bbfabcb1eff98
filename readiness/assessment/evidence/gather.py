"""The meters and circuits of sites, and all other data behind a day's measures, read in a constant number of
statements."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np
from django.db.models import Min

from inventory.models import CoolingUnit, Device, PowerFeed
from inventory.models.facility import breaker_kw
from readiness.assessment.evidence.core.load import (
    LEVEL_OF_ROLE,
    PDU,
    MeteredLevel,
    MeteringLevel,
    Windows,
    level_of,
)
from readiness.assessment.evidence.measures import (
    CURRENT_METRICS,
    INLET_METRICS,
    INLET_SENSORS,
    LOAD_METRICS,
    POWER_METRICS,
    QUANTILE,
    ROUND_TRIP_METRICS,
    ROUND_TRIPS,
    SERVING,
    SITE_POWER_METRICS,
    SUPPLY_METRICS,
    WINDOW,
)
from readiness.assessment.evidence.queries import start_of
from telemetry import queries as telemetry
from telemetry.models import Series
from telemetry.queries import DailySketch, WindowMeans, WindowQuantiles

SUPPLY = 0
"""Stands for the site itself among a level's meters, if series of the site meter the supply."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """A power feed and the rating of its breaker. `device_id` is only set if the device measures this feed alone."""

    id: int
    name: str
    device_id: int | None
    breaker_a: float | None
    capacity_kw: float
    by_breaker: bool


@dataclass(slots=True)
class SiteMeters:
    levels: dict[MeteringLevel, set[int]] = field(default_factory=lambda: defaultdict(set))
    circuits: list[Circuit] = field(default_factory=list)


def meters_of(site_ids: Collection[int]) -> dict[int, SiteMeters]:
    meters = {site_id: SiteMeters() for site_id in site_ids}
    devices = Device.objects.active().filter(site_id__in=site_ids, role__in=[*LEVEL_OF_ROLE, PDU])
    for device_id, site_id, role, rack_id in devices.values_list("id", "site_id", "role", "rack_id"):
        if level := level_of(role, in_rack=rack_id is not None):
            meters[site_id].levels[level].add(device_id)
    feeds = list(PowerFeed.objects.filter(site_id__in=site_ids).order_by("id"))
    shared = _devices_of_several(feeds)
    for feed in feeds:
        meters[feed.site_id].circuits.append(_circuit(feed, shared))
    return meters


def _devices_of_several(feeds: Iterable[PowerFeed]) -> set[int]:
    seen: set[int] = set()
    several: set[int] = set()
    for feed in feeds:
        if feed.device_id is not None:
            (several if feed.device_id in seen else seen).add(feed.device_id)
    return several


def _circuit(feed: PowerFeed, shared: set[int]) -> Circuit:
    breaker = breaker_kw(feed.breaker_rating_a, feed.voltage_v, feed.phases)
    return Circuit(
        id=feed.pk,
        name=feed.name,
        device_id=None if feed.device_id in shared else feed.device_id,
        breaker_a=feed.breaker_rating_a,
        capacity_kw=breaker or feed.rated_kw,
        by_breaker=breaker is not None,
    )


type Metrics = Mapping[str, Sequence[WindowMeans]]


@dataclass(frozen=True, slots=True)
class SitePower:
    of_site: Metrics
    by_device: Mapping[int, Metrics]
    by_feed: Mapping[int, Metrics]

    def series(self) -> Iterator[WindowMeans]:
        seen = {
            each.series_id: each
            for metrics in (self.of_site, *self.by_device.values(), *self.by_feed.values())
            for many in metrics.values()
            for each in many
        }
        yield from seen.values()

    def levels(self, meters: SiteMeters) -> list[MeteredLevel]:
        supply = power_kw(self.of_site, SITE_POWER_METRICS)
        levels = [
            MeteredLevel(level, frozenset(devices), self._kw_of(devices))
            for level, devices in meters.levels.items()
        ]
        if supply is not None:
            levels.append(MeteredLevel(MeteringLevel.METER, frozenset({SUPPLY}), {SUPPLY: supply}))
        return levels

    def _kw_of(self, devices: Collection[int]) -> dict[int, Windows]:
        kw_by_device = {device: power_kw(self.by_device.get(device, {}), POWER_METRICS) for device in devices}
        return {device: windows for device, windows in kw_by_device.items() if windows is not None}

    def circuit_metrics(self, circuit: Circuit) -> Metrics:
        """The feed's own series, else those of the device that measures it."""
        own = self.by_feed.get(circuit.id)
        if own or circuit.device_id is None:
            return own or {}
        return self.by_device.get(circuit.device_id, {})


def power_by_site(series: Iterable[WindowMeans]) -> dict[int, SitePower]:
    of_site: dict[int, dict[str, list[WindowMeans]]] = defaultdict(lambda: defaultdict(list))
    by_device: dict[int, dict[int, dict[str, list[WindowMeans]]]] = defaultdict(dict)
    by_feed: dict[int, dict[int, dict[str, list[WindowMeans]]]] = defaultdict(dict)
    for each in series:
        if each.object_kind == "site":
            of_site[each.site_id][each.metric].append(each)
        if each.power_feed_id is not None:
            by_feed[each.site_id].setdefault(each.power_feed_id, {}).setdefault(each.metric, []).append(each)
        if each.device_id is not None:
            by_device[each.site_id].setdefault(each.device_id, {}).setdefault(each.metric, []).append(each)
    sites = of_site.keys() | by_device.keys() | by_feed.keys()
    return {
        site: SitePower(of_site.get(site, {}), by_device.get(site, {}), by_feed.get(site, {}))
        for site in sites
    }


def power_kw(metrics: Metrics, names: Sequence[str] = POWER_METRICS) -> Windows | None:
    """kW from the first metric that is sent in W; lines or inlets are added up.

    Several series of an accelerator, such as those of its MIG instances, each have the power of all of it.
    """
    for metric in names:
        watts: list[Windows] = []
        by_accelerator: dict[int, list[Windows]] = defaultdict(list)
        for each in metrics.get(metric, ()):
            if each.unit == "W":
                parts = watts if each.accelerator_id is None else by_accelerator[each.accelerator_id]
                parts.append(each.values)
        watts += [np.fmax.reduce(parts) for parts in by_accelerator.values()]
        if watts:
            total: Windows = np.vstack(watts).sum(axis=0) / 1000
            return total
    return None


def current_a(metrics: Metrics) -> Windows | None:
    """The current of the most loaded phase, A; NaN if no phase is known."""
    for metric in CURRENT_METRICS:
        amperes = [each.values for each in metrics.get(metric, ()) if each.unit == "A"]
        if amperes:
            phases = np.vstack(amperes)
            worst = np.where(np.isfinite(phases), phases, -np.inf).max(axis=0)
            worst_phase: Windows = np.where(np.isfinite(worst), worst, np.nan)
            return worst_phase
    return None


SENSOR_LABELS = ("name", "sensor", "id")


@dataclass(frozen=True, slots=True)
class GatheredDay:
    """`start` is the beginning of the windows of `power`; `parts` names the subject of each sketched series."""

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
    """Return the data of `day` up to `now`, and the inventory needed to interpret them. Loads and steps are read from
    `since` on; their earlier maxima are stored, so the rest need not be read again."""
    start = max(start_of(day), since)
    end = min(start_of(day) + timedelta(days=1), now)
    sites = sorted(site_ids)
    # An unfinished window would count its first samples as five minutes.
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
"""Sites and the power metrics that they send fast: slow ones need not be read by the second."""


def _fast_meters(site_ids: Sequence[int]) -> tuple[Meters, Meters]:
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
    devices = dict(
        Device.objects.active()
        .filter(id__in={inlet.device_id for inlet in inlets if inlet.device_id})
        .values_list("id", "name")
    )
    units = dict(
        CoolingUnit.objects.filter(
            id__in={supply.cooling_unit_id for supply in supplies if supply.cooling_unit_id}
        ).values_list("id", "name")
    )
    parts = {}
    for inlet in inlets:
        if inlet.device_id in devices:
            sensor = next((inlet.labels[name] for name in SENSOR_LABELS if inlet.labels.get(name)), "")
            parts[inlet.series_id] = f"{devices[inlet.device_id]} {sensor}".strip()[:200]
    parts |= {
        supply.series_id: units[supply.cooling_unit_id]
        for supply in supplies
        if supply.cooling_unit_id in units
    }
    parts |= {
        trip.series_id: trip.labels["user_region"][:200] for trip in trips if trip.labels.get("user_region")
    }
    return parts
