"""Compare meters with what is behind them, over an hour: gather, decide, apply. A fixed number of statements for each
batch of sites."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import batched, pairwise
from typing import NamedTuple

import numpy as np
from django.db import transaction

from inventory.models import Device, PowerFeed, Site
from readiness.assessment.evidence.core.feeding import FeedPlace, PlacedDevice, fed_racks
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

SITES_AT_ONCE = 200
FEWEST_WINDOWS = 6
"""Of the twelve of the hour; fewer in which all meters sent show nothing."""
MOST_NAMES = 3
SEEN_EVERY = timedelta(hours=1)
"""How often a row that stands is written again, so that it costs no write at each look."""
Behind = MeterContradiction.Behind


class Comparison(NamedTuple):
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
    if not power:
        return 0
    meters = meters_of(power)
    devices: dict[int, dict[int, PlacedDevice]] = defaultdict(dict)
    rows = Device.objects.active().filter(site__in=power)
    for site_id, *columns in rows.values_list("site", "pk", "name", "role", "rack"):
        devices[site_id][columns[0]] = PlacedDevice(*columns)
    feeds: dict[int, list[FeedPlace]] = defaultdict(list)
    for site_id, *columns in PowerFeed.objects.filter(site__in=power).values_list("site", "device", "rack"):
        feeds[site_id].append(FeedPlace(*columns))
    compared = {
        site_id: list(_compared(meters[site_id], of_site, devices[site_id], feeds[site_id]))
        for site_id, of_site in power.items()
    }
    return _apply(compared, end)


def _compared(
    meters: SiteMeters, power: SitePower, devices: dict[int, PlacedDevice], feeds: Sequence[FeedPlace]
) -> Iterator[Comparison]:
    own_kw = {
        device_id: windows
        for device_id in devices
        if (windows := power_kw(power.by_device.get(device_id, {}))) is not None
    }
    for device_id, kw in own_kw.items():
        inner_kw = power_kw(power.by_device[device_id], ACCELERATOR_POWER_METRICS)
        if inner_kw is not None:
            metric = _metric(power, device_id)
            place = MeteringLevel.NODE, device_id, devices[device_id].name, metric, Behind.ACCELERATORS
            yield from _comparison(place, kw, inner_kw, is_whole=False)
    for group in fed_racks(feeds, devices):
        metered_loads = [own_kw[load] for load in sorted(group.loads) if load in own_kw]
        if group.meters <= own_kw.keys() and metered_loads:
            names = sorted(devices[meter].name for meter in group.meters)
            more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
            first, name = min(group.meters), " + ".join(names[:MOST_NAMES]) + more
            place = group.level, first, name, _metric(power, first), Behind.LOADS
            whole_kw = complete_sum(np.vstack([own_kw[meter] for meter in sorted(group.meters)]))
            is_whole = len(metered_loads) == len(group.loads)
            yield from _comparison(place, whole_kw, complete_sum(np.vstack(metered_loads)), is_whole=is_whole)
    levels = {
        each.level: complete_sum(np.vstack(list(each.windows.values())))
        for each in power.levels(meters)
        if each.windows and not each.missing
    }
    in_order = [level for level in MeteringLevel if level in levels]
    for outer, inner in pairwise(in_order):
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
) -> Iterator[Comparison]:
    """Compare the means of the five minutes in which all of them sent."""
    is_common = np.isfinite(windows) & np.isfinite(behind)
    if is_common.sum() < FEWEST_WINDOWS:
        return
    kw, behind_kw = float(windows[is_common].mean()), float(behind[is_common].mean())
    percent = trust_rules().meters.percent_apart(kw, behind_kw, is_whole=is_whole)
    yield Comparison(*place, kw, behind_kw, percent)


def _apply(compared: dict[int, list[Comparison]], end: datetime) -> int:
    stored = {
        (row.site_id, row.level, row.device_id, row.behind): row
        for row in MeterContradiction.objects.filter(site__in=compared).select_for_update().order_by("pk")
    }
    new, changed, ended = [], [], []
    for site_id, of_site in sorted(compared.items()):
        for each in of_site:
            row = stored.get((site_id, *each.place))
            if row is not None and each.percent is None:
                ended.append(row.pk)
            elif row is not None and end - row.seen_at >= SEEN_EVERY:
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
