"""Find stuck sensors each hour, by the hour that was rolled up last; end them as soon as a sample moves."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import numpy as np
from django.db.models import F, Q, QuerySet

from inventory.models import Accelerator, Device, Site
from telemetry import queries, store
from telemetry.core.instants import HOUR
from telemetry.core.trust import SensorRule, trust_rules
from telemetry.models import Series
from telemetry.stuck.models import LOOK_BACK, StuckSensor

SERIES_AT_ONCE = 50_000
"""Bounds memory: of each series an hour is read."""
OF_NO_DEVICE = (
    Series.ObjectKind.SITE,
    Series.ObjectKind.FEED,
    Series.ObjectKind.LINK,
    Series.ObjectKind.COOLING_UNIT,
)
OBJECT = (
    *("site_id", "metric", "object_kind", "device_id", "accelerator_id"),
    *("port_id", "power_feed_id", "link_id", "cooling_unit_id"),
)
"""Series that agree in these measure the same."""
OLDEST = timedelta(hours=3)
"""An hour that ended longer ago says nothing about now."""


def find_stuck(*, now: datetime) -> int:
    """Store the sensors that are stuck by now; returns how many are new."""
    end = store.hours_rolled_up_to(now)
    if end < now - OLDEST:
        return 0
    rules = trust_rules().rule_by_metric
    site_of: dict[int, int] = {}
    rule_of: dict[int, SensorRule] = {}
    ids = []
    for series_id, site_id, metric in _watched().values_list("pk", "site", "metric").iterator():
        site_of[series_id], rule_of[series_id] = site_id, rules[metric]
        ids.append(series_id)
    parts = (ids[start : start + SERIES_AT_ONCE] for start in range(0, len(ids), SERIES_AT_ONCE))
    constant = {series_id for part in parts for series_id in _values(part, end - HOUR, end, hours=1)}
    constant -= set(StuckSensor.objects.values_list("series", flat=True))
    by_hours: dict[int, list[int]] = defaultdict(list)
    for series_id in sorted(constant):
        by_hours[rule_of[series_id].hours].append(series_id)
    stuck = {
        series_id: (value, start)
        for hours, of_rule in by_hours.items()
        for start in [end - hours * HOUR]
        for series_id, value in _values(of_rule, start, end, hours=hours).items()
    }
    ranges = queries.value_ranges(stuck, start=end, now=now)
    new = [
        StuckSensor(series_id=series_id, site_id=site_of[series_id], value=value, since=start, found_at=now)
        for series_id, (value, start) in stuck.items()
        if set(ranges.get(series_id, ())) <= {value}
    ]
    StuckSensor.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def end_moving(*, now: datetime) -> int:
    """Forget the sensors that a sample shows moving, or whose object left service or the site; returns how many.
    Silence ends none."""
    stuck = dict(StuckSensor.objects.values_list("series", "value"))
    if not stuck:
        return 0
    in_place = _watched().filter(pk__in=stuck, site=F("stuck__site"))
    ended = stuck.keys() - set(in_place.values_list("pk", flat=True))
    ranges = queries.value_ranges(stuck, start=now - LOOK_BACK, now=now)
    ended |= {series_id for series_id, both in ranges.items() if set(both) != {stuck[series_id]}}
    ended |= _replaced(stuck.keys() - ranges.keys() - ended, now)
    if ended:
        StuckSensor.objects.filter(series__in=ended).delete()
    return len(ended)


def _replaced(silent: Collection[int], now: datetime) -> set[int]:
    """Those of silent stuck series whose object has since got a series of the same metric that moves."""
    stuck_by_object: dict[tuple[object, ...], list[tuple[int, datetime]]] = defaultdict(list)
    rows = StuckSensor.objects.filter(series__in=silent).order_by("since")
    for series_id, since, *thing in rows.values_list(
        "series", "since", *(f"series__{name}" for name in OBJECT)
    ):
        stuck_by_object[tuple(thing)].append((series_id, since))
    if not stuck_by_object:
        return set()
    first = min(since for (_series_id, since), *_others in stuck_by_object.values())
    sites, metrics, *_rest = map(set, zip(*stuck_by_object, strict=True))
    later = Series.objects.filter(site__in=sites, metric__in=metrics, first_seen_at__gt=first).order_by()
    began = {
        series_id: (at, tuple(thing))
        for series_id, at, *thing in later.values_list("pk", "first_seen_at", *OBJECT)
        if tuple(thing) in stuck_by_object
    }
    ranges = queries.value_ranges(began, start=now - LOOK_BACK, now=now)
    moving = [began[series_id] for series_id, (least, greatest) in ranges.items() if least != greatest]
    return {series_id for at, thing in moving for series_id, since in stuck_by_object[thing] if since < at}


def _watched() -> QuerySet[Series]:
    """The series of metrics that move, of objects in service."""
    sites = Site.objects.exclude(stage=Site.Stage.RETIRED).values("pk")
    of_device = Q(device__status=Device.Status.ACTIVE)
    of_device &= Q(accelerator=None) | Q(accelerator__status=Accelerator.Status.ACTIVE)
    in_service = Q(object_kind__in=OF_NO_DEVICE) | of_device
    metrics = list(trust_rules().rule_by_metric)
    return Series.objects.matched().filter(in_service, site__in=sites, metric__in=metrics).order_by("pk")


def _values(ids: list[int], start: datetime, end: datetime, *, hours: int) -> Mapping[int, float]:
    """The only value of each series that had the same one in every hour, and not 0."""
    if not ids:
        return {}
    columns = store.windows(np.array(ids, np.int64), "min", "max", since=start, before=end, hourly=True)
    counted: dict[int, int] = defaultdict(int)
    seen: dict[int, set[float]] = defaultdict(set)
    for series_id, _start, least, greatest in zip(*(column.tolist() for column in columns), strict=True):
        counted[series_id] += 1
        seen[series_id] |= {least, greatest}
    return {
        series_id: next(iter(values))
        for series_id, values in seen.items()
        if len(values) == 1 and counted[series_id] == hours and values != {0.0}
    }
