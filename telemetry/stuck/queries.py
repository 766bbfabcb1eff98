"""The stuck sensors of sites."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from telemetry import intake
from telemetry.core.registry import registry
from telemetry.core.trust import SensorRule, trust_rules
from telemetry.models import Series
from telemetry.queries import value_ranges
from telemetry.stuck.models import LOOK_BACK, StuckSensor

FIELDS = ("source", "site", "device", "accelerator__device", "port__device", "power_feed", "cooling_unit")


@dataclass(frozen=True, slots=True)
class StuckRow:
    """A stuck sensor in words; `hours` are those of its rule, after which it counts as stuck. A silent one sent nothing
    in the last two hours."""

    site_id: int
    series: Series
    object: str
    title: str
    value: float
    unit: str
    hours: int
    source: str
    since: datetime
    is_silent: bool


def stuck_sensors(site_ids: Collection[int], *, now: datetime) -> list[StuckRow]:
    """Read them in order of metric and time; two statements, one if there are none."""
    rows = StuckSensor.objects.filter(site__in=site_ids)
    related = (f"series__{name}" for name in FIELDS)
    listed = rows.select_related(*related).order_by("series__metric", "since", "series")
    rules = trust_rules().rule_by_metric
    stuck = [each for each in listed if each.series.metric in rules]
    sending = value_ranges([each.pk for each in stuck], start=now - LOOK_BACK, now=now)
    return [_stuck_row(each, rules[each.series.metric], is_silent=each.pk not in sending) for each in stuck]


def _stuck_row(stuck: StuckSensor, rule: SensorRule, *, is_silent: bool) -> StuckRow:
    series = stuck.series
    metric = registry().get(series.metric, series.labels)
    return StuckRow(
        site_id=stuck.site_id,
        series=series,
        object=str(intake.object_of(series)),
        title=metric.title if metric else series.metric,
        value=stuck.value,
        unit=metric.unit if metric else "",
        hours=rule.hours,
        source=rule.source,
        since=stuck.since,
        is_silent=is_silent,
    )
