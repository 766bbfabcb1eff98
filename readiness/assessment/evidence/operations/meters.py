"""Compare meters with what is behind them, over an hour: gather, decide, apply. A fixed number of statements for each
batch of sites."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from datetime import datetime, timedelta
from itertools import batched, combinations
from typing import Any, NamedTuple

import numpy as np
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from inventory.models import Accelerator, Device, PowerFeed, Site
from readiness.assessment.evidence.core.feeding import (
    FedRacks,
    FeedPlace,
    PlacedDevice,
    fed_racks,
    feed_all_of,
)
from readiness.assessment.evidence.core.load import MeteringLevel, Windows, complete_sum
from readiness.assessment.evidence.gather import (
    SUPPLY,
    SiteMeters,
    SitePower,
    meters_of,
    power_by_site,
    power_kw,
)
from readiness.assessment.evidence.measures import (
    ACCELERATOR_POWER_METRICS,
    LOAD_METRICS,
    POWER_METRICS,
    SITE_POWER_METRICS,
)
from readiness.assessment.evidence.models import MeterContradiction
from telemetry import queries as telemetry
from telemetry.core.instants import FIVE_MINUTES, HOUR, floor
from telemetry.core.registry import registry
from telemetry.core.trust import MeterDistance, trust_rules
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
METER_KINDS = Series.ObjectKind.SITE, Series.ObjectKind.DEVICE, Series.ObjectKind.ACCELERATOR
Behind = MeterContradiction.Behind


type MeteredPart = tuple[int, int | None, int | None]
"""A site, a device of it, or one of the accelerators of that: their ids."""
type ComparisonPlace = tuple[str, int | None, str]
"""The level of a meter, its id (None for a level of the site), and what is behind it."""


class MeterComparison(NamedTuple):
    """A meter and the sum behind it, kW."""

    level: str
    device_id: int | None
    meter: str
    metric: str
    behind: str
    kw: float
    behind_kw: float
    distance: MeterDistance

    @property
    def place(self) -> ComparisonPlace:
        return self.level, self.device_id, self.behind


class SiteInventory(NamedTuple):
    """Devices of a site that draw or pass on power, the feeds, groups that these join, and `with_accelerators`,
    the devices that have some which are not retired."""

    meters: SiteMeters
    devices: Mapping[int, PlacedDevice]
    feeds: Sequence[FeedPlace]
    groups: Sequence[FedRacks]
    with_accelerators: Set[int]

    def level_pairs(self) -> Iterator[tuple[MeteringLevel, MeteringLevel]]:
        """Pairs of levels of which the outer one feeds all of the inner one."""
        present = [level for level in MeteringLevel if level.sees_everything or self.meters.levels.get(level)]
        for outer, inner in combinations(present, 2):
            if outer.sees_everything or feed_all_of(
                self.meters.levels[outer], self.meters.levels[inner], self.devices, self.feeds
            ):
                yield outer, inner

    def places(self) -> set[ComparisonPlace]:
        """All comparisons that the inventory allows, whether or not samples come."""
        nodes = {
            (MeteringLevel.NODE.value, node, Behind.ACCELERATORS.value) for node in self.with_accelerators
        }
        groups = {(group.level.value, min(group.meters), Behind.LOADS.value) for group in self.groups}
        levels = {(outer.value, None, inner.value) for outer, inner in self.level_pairs()}
        return nodes | groups | levels


def reconcile(*, now: datetime) -> int:
    """Compare the meters of every site that is not retired; returns how many contradictions began or ended."""
    sites = Site.objects.exclude(stage=Site.Stage.RETIRED).order_by("pk").values_list("pk", flat=True)
    return sum(reconcile_sites(batch, now=now) for batch in batched(sites, SITES_AT_ONCE))


def comparison_places(site_ids: Collection[int]) -> dict[int, set[ComparisonPlace]]:
    """All comparisons that the inventory of each site allows."""
    return {site_id: inventory.places() for site_id, inventory in _inventories(site_ids).items()}


@transaction.atomic
def reconcile_sites(site_ids: Collection[int], *, now: datetime) -> int:
    # The last five minutes may not have arrived.
    end = floor(now) - FIVE_MINUTES
    metrics = (*LOAD_METRICS, *ACCELERATOR_POWER_METRICS)
    windows = telemetry.window_means(
        site_ids, metrics, start=end - HOUR, end=end, now=now, fill_by_hours=False
    )
    power = power_by_site(windows)
    stored = MeterContradiction.objects.filter(site__in=site_ids).select_for_update().order_by("pk")
    rows_of: dict[int, list[MeterContradiction]] = defaultdict(list)
    for row in stored:
        rows_of[row.site_id].append(row)
    touched = power.keys() | rows_of.keys()
    if not touched:
        return 0
    inventories = _inventories(touched)
    silent = _silent_meters(power)
    compared = {
        site_id: list(_compared(inventories[site_id], of_site, silent, rows_of[site_id]))
        for site_id, of_site in list(power.items())
    }
    places = {site_id: inventories[site_id].places() for site_id, rows in rows_of.items() if rows}
    gone = [
        row.pk
        for site_id, rows in rows_of.items()
        for row in rows
        if (row.level, row.device_id, row.behind) not in places[site_id]
    ]
    return _apply(compared, rows_of, gone, end)


def _inventories(site_ids: Collection[int]) -> dict[int, SiteInventory]:
    meters = meters_of(site_ids)
    devices: dict[int, dict[int, PlacedDevice]] = defaultdict(dict)
    with_accelerators: dict[int, set[int]] = defaultdict(set)
    accelerators = Accelerator.objects.exclude(status=Accelerator.Status.RETIRED).filter(
        device=OuterRef("pk")
    )
    placed = Device.objects.filter(site__in=site_ids, status__in=DRAWING).annotate(
        has_accelerators=Exists(accelerators)
    )
    columns = "site_id", "pk", "name", "role", "rack_id", "has_accelerators"
    for site_id, pk, name, role, rack_id, has_accelerators in placed.values_list(*columns):
        devices[site_id][pk] = PlacedDevice(pk, name, role, rack_id)
        if has_accelerators:
            with_accelerators[site_id].add(pk)
    feeds: dict[int, list[FeedPlace]] = defaultdict(list)
    fed = PowerFeed.objects.filter(site__in=site_ids)
    for site_id, meter_id, rack_id in fed.values_list("site_id", "device_id", "rack_id"):
        feeds[site_id].append(FeedPlace(meter_id, rack_id))
    return {
        site_id: SiteInventory(
            meters[site_id],
            devices[site_id],
            feeds[site_id],
            fed_racks(feeds[site_id], devices[site_id]),
            with_accelerators[site_id],
        )
        for site_id in site_ids
    }


def _silent_meters(power: Mapping[int, SitePower]) -> set[MeteredPart]:
    """Find what ever sent its power and did not in the hour, or not by all of its series: sums without it show nothing.

    A series that ended is silent only where no other one of its part sends.
    """
    names = (*SITE_POWER_METRICS, *POWER_METRICS, *ACCELERATOR_POWER_METRICS)
    metric_of: dict[MeteredPart, str] = {}
    sent: set[int] = set()
    for each in (series for of_site in power.values() for series in of_site.series() if series.unit == "W"):
        if each.metric in names and each.object_kind in METER_KINDS:
            sent.add(each.series_id)
            part = each.site_id, each.device_id, each.accelerator_id
            metric_of[part] = min(each.metric, metric_of.get(part, each.metric), key=names.index)
    in_service = Q(accelerator__isnull=True) | Q(accelerator__status=Accelerator.Status.ACTIVE)
    ever = Series.objects.filter(
        in_service, site__in=power, metric__in=names, object_kind__in=METER_KINDS
    ).order_by()
    candidates: dict[int, MeteredPart] = {}
    for pk, metric, ended_at, *ids in ever.values_list(
        "pk", "metric", "ended_at", "site_id", "device_id", "accelerator_id"
    ):
        part = ids[0], ids[1], ids[2]
        is_read = part not in metric_of or (metric == metric_of[part] and ended_at is None)
        if pk not in sent and is_read:
            candidates[pk] = part
    if not candidates:
        return set()
    labelled = Series.objects.filter(pk__in=candidates).order_by().values_list("pk", "metric", "labels")
    return {candidates[pk] for pk, metric, labels in labelled if _is_power(metric, labels)}


def _is_power(metric: str, labels: Mapping[str, str]) -> bool:
    definition = registry().get(metric, labels)
    return definition is not None and definition.unit == "W"


def _compared(
    inventory: SiteInventory,
    power: SitePower,
    silent: Set[MeteredPart],
    rows: Sequence[MeterContradiction],
) -> Iterator[MeterComparison]:
    devices = inventory.devices
    own_kw = {
        device_id: windows
        for device_id in devices
        if (windows := power_kw(power.by_device.get(device_id, {}))) is not None
    }
    silent_devices = {device_id for _site, device_id, accelerator_id in silent if accelerator_id is None}
    silent_nodes = {device_id for _site, device_id, accelerator_id in silent if accelerator_id is not None}
    for device_id in sorted(own_kw.keys() & inventory.with_accelerators - silent_devices - silent_nodes):
        inner_kw = power_kw(power.by_device[device_id], ACCELERATOR_POWER_METRICS)
        if inner_kw is not None:
            metric = _metric(power, device_id)
            place = MeteringLevel.NODE, device_id, devices[device_id].name, metric, Behind.ACCELERATORS
            yield from _comparison(place, own_kw[device_id], inner_kw, is_whole=False)
    for group in inventory.groups:
        if group.meters <= own_kw.keys() and silent_devices.isdisjoint(group.meters | group.loads):
            yield from _compared_group(group, power, devices, own_kw)
    yield from _compared_levels(inventory, power, silent, rows)


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


def _compared_levels(
    inventory: SiteInventory,
    power: SitePower,
    silent: Set[MeteredPart],
    rows: Sequence[MeterContradiction],
) -> Iterator[MeterComparison]:
    """Compare each level with the nearest outer one that feeds all of it, and with that of a stored contradiction."""
    silent_ids = {
        device_id or SUPPLY for _site, device_id, accelerator_id in silent if accelerator_id is None
    }
    levels = {
        each.level: complete_sum(np.vstack(list(each.windows.values())))
        for each in power.levels(inventory.meters)
        if each.windows and not each.missing and silent_ids.isdisjoint(each.expected)
    }
    pairs = [pair for pair in inventory.level_pairs() if levels.keys() >= set(pair)]
    nearest = {inner: outer for outer, inner in pairs}
    stored = {(row.level, row.behind) for row in rows if row.device_id is None}
    for outer, inner in pairs:
        if nearest[inner] is outer or (outer.value, inner.value) in stored:
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
    distance = trust_rules().meters.judge(kw, behind_kw, is_whole=is_whole)
    if distance is not None:
        yield MeterComparison(*place, kw, behind_kw, distance)


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
            if row is None:
                if each.distance.contradicts:
                    new.append(MeterContradiction(site_id=site_id, since=end - HOUR, **_columns(each, end)))
            elif each.distance.agrees:
                ended.add(row.pk)
            elif end - row.seen_at >= SEEN_EVERY:
                for name, value in _columns(each, end).items():
                    setattr(row, name, value)
                changed.append(row)
    MeterContradiction.objects.filter(pk__in=ended).delete()
    MeterContradiction.objects.bulk_create(new, ignore_conflicts=True)
    MeterContradiction.objects.bulk_update(
        changed, ["meter", "metric", "kw", "behind_kw", "percent", "seen_at"]
    )
    return len(new) + len(ended)


def _columns(comparison: MeterComparison, end: datetime) -> dict[str, Any]:
    columns = comparison._asdict()
    return columns | {"percent": columns.pop("distance").percent, "seen_at": end}
