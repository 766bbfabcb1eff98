"""Compare meters with what is behind them, over an hour: gather, decide, apply. A fixed number of statements for each
batch of sites."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from datetime import datetime, timedelta
from itertools import batched, pairwise
from typing import NamedTuple

import numpy as np
from django.db import transaction

from inventory.models import Device, PowerFeed, Site
from readiness.assessment.evidence.core.feeding import FedRacks, FeedPlace, PlacedDevice, fed_racks
from readiness.assessment.evidence.core.load import MeteringLevel, Windows, complete_sum
from readiness.assessment.evidence.gather import SiteMeters, SitePower, meters_of, power_by_site, power_kw
from readiness.assessment.evidence.measures import (
    ACCELERATOR_POWER_METRICS,
    LOAD_METRICS,
    POWER_METRICS,
    SITE_POWER_METRICS,
)
from readiness.assessment.evidence.models import MeterContradiction
from telemetry import queries as telemetry
from telemetry.core.instants import FIVE_MINUTES, HOUR, floor
from telemetry.core.trust import trust_rules
from telemetry.models import Series

SITES_AT_ONCE = 200
FEWEST_WINDOWS = 6
"""Of the twelve of the hour; fewer in which all meters sent show nothing."""
MOST_NAMES = 3
MOST_CHARS = MeterContradiction._meta.get_field("meter").max_length
SEEN_EVERY = timedelta(hours=1)
"""How often a row that stands is written again, so that it costs no write at each look."""
DRAWING = (Device.Status.ACTIVE, Device.Status.DRAINED, Device.Status.FAILED)
"""What is drained draws power still."""
Behind = MeterContradiction.Behind


type MeteredPart = tuple[int, int | None]
"""A device, or one of its accelerators."""


class MeterComparison(NamedTuple):
    """A meter and the sum behind it, kW, with the percent apart if they contradict each other."""

    level: str
    device_id: int | None
    meter: str
    metric: str
    behind: str
    kw: float
    behind_kw: float
    percent: float | None

    @property
    def place(self) -> tuple[str, int | None, str]:
        return self.level, self.device_id, self.behind


def reconcile(*, now: datetime) -> int:
    """Compare the meters of every site that is not retired; returns how many contradictions began or ended."""
    sites = Site.objects.exclude(stage=Site.Stage.RETIRED).order_by("pk").values_list("pk", flat=True)
    return sum(reconcile_sites(batch, now=now) for batch in batched(sites, SITES_AT_ONCE))


@transaction.atomic
def reconcile_sites(site_ids: Collection[int], *, now: datetime) -> int:
    # The last five minutes may not have arrived.
    end = floor(now) - FIVE_MINUTES
    metrics = (*LOAD_METRICS, *ACCELERATOR_POWER_METRICS)
    power = power_by_site(telemetry.window_means(site_ids, metrics, start=end - HOUR, end=end, now=now))
    stored = MeterContradiction.objects.filter(site__in=site_ids).select_for_update().order_by("pk")
    rows_of: dict[int, list[MeterContradiction]] = defaultdict(list)
    for row in stored:
        rows_of[row.site_id].append(row)
    touched = power.keys() | rows_of.keys()
    if not touched:
        return 0
    meters = meters_of(touched)
    devices: dict[int, dict[int, PlacedDevice]] = defaultdict(dict)
    placed = Device.objects.filter(site__in=touched, status__in=DRAWING)
    for site_id, pk, name, role, rack_id in placed.values_list("site_id", "pk", "name", "role", "rack_id"):
        devices[site_id][pk] = PlacedDevice(pk, name, role, rack_id)
    feeds: dict[int, list[FeedPlace]] = defaultdict(list)
    fed = PowerFeed.objects.filter(site__in=touched)
    for site_id, meter_id, rack_id in fed.values_list("site_id", "device_id", "rack_id"):
        feeds[site_id].append(FeedPlace(meter_id, rack_id))
    silent = _silent_meters(power)
    compared = {
        site_id: list(_compared(meters[site_id], of_site, devices[site_id], feeds[site_id], silent))
        for site_id, of_site in power.items()
    }
    gone = [
        row.pk
        for site_id, rows in rows_of.items()
        for row in rows
        if _is_gone(row, meters[site_id], devices[site_id])
    ]
    return _apply(compared, rows_of, gone, end)


def _is_gone(row: MeterContradiction, meters: SiteMeters, devices: Collection[int]) -> bool:
    """Whether the meter, or what is behind it, left service."""
    if row.device_id is not None:
        return row.device_id not in devices
    levels = {row.level, row.behind} - {MeteringLevel.METER.value}
    return not levels <= {level.value for level, of_level in meters.levels.items() if of_level}


def _silent_meters(power: Mapping[int, SitePower]) -> set[MeteredPart]:
    """Read what ever sent its power and did not in the hour: sums without it show nothing."""
    metrics = (*POWER_METRICS, *ACCELERATOR_POWER_METRICS)
    ever = Series.objects.filter(site__in=power, metric__in=metrics, device__isnull=False).order_by()
    sent = {
        (device_id, each.accelerator_id)
        for of_site in power.values()
        for device_id, of_device in of_site.by_device.items()
        for series in of_device.values()
        for each in series
    }
    parts: set[MeteredPart] = set(ever.values_list("device_id", "accelerator_id").distinct())
    return parts - sent


def _compared(
    meters: SiteMeters,
    power: SitePower,
    devices: Mapping[int, PlacedDevice],
    feeds: Sequence[FeedPlace],
    silent: Set[MeteredPart],
) -> Iterator[MeterComparison]:
    own_kw = {
        device_id: windows
        for device_id in devices
        if (windows := power_kw(power.by_device.get(device_id, {}))) is not None
    }
    silent_nodes = {device_id for device_id, accelerator_id in silent if accelerator_id is not None}
    for device_id, kw in own_kw.items():
        inner_kw = power_kw(power.by_device[device_id], ACCELERATOR_POWER_METRICS)
        if inner_kw is not None and device_id not in silent_nodes:
            metric = _metric(power, device_id)
            place = MeteringLevel.NODE, device_id, devices[device_id].name, metric, Behind.ACCELERATORS
            yield from _comparison(place, kw, inner_kw, is_whole=False)
    silent_loads = {device_id for device_id, accelerator_id in silent if accelerator_id is None}
    for group in fed_racks(feeds, devices):
        if group.meters <= own_kw.keys() and group.loads.isdisjoint(silent_loads):
            yield from _compared_group(group, power, devices, own_kw)
    yield from _compared_levels(meters, power)


def _compared_group(
    group: FedRacks, power: SitePower, devices: Mapping[int, PlacedDevice], own_kw: Mapping[int, Windows]
) -> Iterator[MeterComparison]:
    metered_loads = [own_kw[load] for load in sorted(group.loads) if load in own_kw]
    if not metered_loads:
        return
    names = sorted(devices[meter].name for meter in group.meters)
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    first, name = min(group.meters), " + ".join(names[:MOST_NAMES]) + more
    place = group.level, first, name[:MOST_CHARS], _metric(power, first), Behind.LOADS
    whole_kw = complete_sum(np.vstack([own_kw[meter] for meter in sorted(group.meters)]))
    is_whole = len(metered_loads) == len(group.loads)
    yield from _comparison(place, whole_kw, complete_sum(np.vstack(metered_loads)), is_whole=is_whole)


def _compared_levels(meters: SiteMeters, power: SitePower) -> Iterator[MeterComparison]:
    levels = {
        each.level: complete_sum(np.vstack(list(each.windows.values())))
        for each in power.levels(meters)
        if each.windows and not each.missing
    }
    for outer, inner in pairwise(level for level in MeteringLevel if level in levels):
        metric = SITE_POWER_METRICS[0] if outer is MeteringLevel.METER else ""
        place = outer, None, LEVELS[outer], metric, Behind(inner.value)
        yield from _comparison(place, levels[outer], levels[inner], is_whole=False)


def _metric(power: SitePower, device_id: int) -> str:
    """The first of its metrics by which the power of a device is known."""
    return next(metric for metric in POWER_METRICS if metric in power.by_device[device_id])


LEVELS = {
    MeteringLevel.METER: "The site meter",
    MeteringLevel.UPS: "The UPSs",
    MeteringLevel.ROOM_PDU: "The room PDUs",
    MeteringLevel.RACK_PDU: "The rack PDUs",
    MeteringLevel.NODE: "The nodes",
}


def _comparison(
    place: tuple[str, int | None, str, str, str], windows: Windows, behind: Windows, *, is_whole: bool
) -> Iterator[MeterComparison]:
    """Compare the means of the five minutes in which all of them sent."""
    is_common = np.isfinite(windows) & np.isfinite(behind)
    if is_common.sum() < FEWEST_WINDOWS:
        return
    kw, behind_kw = float(windows[is_common].mean()), float(behind[is_common].mean())
    percent = trust_rules().meters.percent_apart(kw, behind_kw, is_whole=is_whole)
    yield MeterComparison(*place, kw, behind_kw, percent)


def _apply(
    compared: Mapping[int, Sequence[MeterComparison]],
    rows_of: Mapping[int, Sequence[MeterContradiction]],
    gone: Sequence[int],
    end: datetime,
) -> int:
    stored = {
        (row.site_id, row.level, row.device_id, row.behind): row for rows in rows_of.values() for row in rows
    }
    new, changed, ended = [], [], set(gone)
    for site_id, of_site in sorted(compared.items()):
        for each in of_site:
            row = stored.get((site_id, *each.place))
            if row is not None and each.percent is None:
                ended.add(row.pk)
            elif row is not None and each.percent is not None and end - row.seen_at >= SEEN_EVERY:
                row.meter, row.kw, row.behind_kw, row.percent = (
                    each.meter,
                    each.kw,
                    each.behind_kw,
                    each.percent,
                )
                row.seen_at = end
                changed.append(row)
            elif row is None and each.percent is not None:
                values = each._asdict() | {"since": end - HOUR, "seen_at": end}
                new.append(MeterContradiction(site_id=site_id, **values))
    MeterContradiction.objects.filter(pk__in=ended).delete()
    MeterContradiction.objects.bulk_create(new, ignore_conflicts=True)
    MeterContradiction.objects.bulk_update(changed, ["meter", "kw", "behind_kw", "percent", "seen_at"])
    return len(new) + len(ended)
