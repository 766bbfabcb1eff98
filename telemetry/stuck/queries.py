"""The stuck sensors of sites, and of the metrics of a check."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from telemetry import intake
from telemetry.core.registry import registry
from telemetry.core.trust import SensorRule, trust_rules
from telemetry.models import Series
from telemetry.stuck.models import StuckSensor

FIELDS = ("source", "site", "device", "accelerator__device", "port__device", "power_feed", "cooling_unit")


@dataclass(frozen=True, slots=True)
class StuckRow:
    """A stuck sensor in words; `hours` are those of its rule, after which it counts as stuck."""

    series: Series
    object: str
    title: str
    value: float
    unit: str
    hours: int
    source: str
    since: datetime


def stuck_sensors(site_ids: Collection[int], *, metrics: Collection[str] | None = None) -> list[StuckRow]:
    """Read them in order of metric and time; one statement."""
    rows = StuckSensor.objects.filter(site__in=site_ids)
    if metrics is not None:
        rows = rows.filter(series__metric__in=metrics)
    related = (f"series__{name}" for name in FIELDS)
    listed = rows.select_related(*related).order_by("series__metric", "since", "series")
    rules = trust_rules().rule_by_metric
    return [_stuck_row(each, rules[each.series.metric]) for each in listed if each.series.metric in rules]


def _stuck_row(stuck: StuckSensor, rule: SensorRule) -> StuckRow:
    series = stuck.series
    metric = registry().get(series.metric, series.labels)
    return StuckRow(
        series=series,
        object=str(intake.object_of(series)),
        title=metric.title if metric else series.metric,
        value=stuck.value,
        unit=metric.unit if metric else "",
        hours=rule.hours,
        source=rule.source,
        since=stuck.since,
    )
