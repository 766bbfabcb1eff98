"""Find stuck sensors each hour, by the hour that was rolled up last; end them as soon as a sample moves."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np
from django.db.models import Q, QuerySet

from inventory.models import Device, Site
from telemetry import queries, store
from telemetry.core.instants import HOUR
from telemetry.core.trust import SensorRule, trust_rules
from telemetry.models import Series
from telemetry.stuck.models import StuckSensor

SERIES_AT_ONCE = 50_000
"""Bounds memory: of each series an hour is read."""
LOOK_BACK = timedelta(hours=2)
"""Shorter than the hours of any rule, so that it holds no sample from before a sensor was stuck."""
OF_NO_DEVICE = (
    Series.ObjectKind.SITE,
    Series.ObjectKind.FEED,
    Series.ObjectKind.LINK,
    Series.ObjectKind.COOLING_UNIT,
)
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
    new = [
        StuckSensor(series_id=series_id, site_id=site_of[series_id], value=value, since=start, found_at=now)
        for hours, of_rule in by_hours.items()
        for start in [end - hours * HOUR]
        for series_id, value in _values(of_rule, start, end, hours=hours).items()
    ]
    StuckSensor.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def end_moving(*, now: datetime) -> int:
    """Forget the sensors that a sample shows moving, or whose object left service; returns how many. Silence ends
    none."""
    stuck = dict(StuckSensor.objects.values_list("series", "value"))
    if not stuck:
        return 0
    ended = stuck.keys() - set(_watched().filter(pk__in=stuck).values_list("pk", flat=True))
    ranges = queries.value_ranges(stuck, start=now - LOOK_BACK, now=now)
    ended |= {series_id for series_id, both in ranges.items() if set(both) != {stuck[series_id]}}
    if ended:
        StuckSensor.objects.filter(series__in=ended).delete()
    return len(ended)


def _watched() -> QuerySet[Series]:
    """The series of metrics that move, of objects in service."""
    sites = Site.objects.exclude(stage=Site.Stage.RETIRED).values("pk")
    in_service = Q(object_kind__in=OF_NO_DEVICE) | Q(device__status=Device.Status.ACTIVE)
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
