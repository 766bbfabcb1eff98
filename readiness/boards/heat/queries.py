"""The newest value of one metric for each accelerator in service at a site."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from inventory.models import Accelerator, Site
from readiness.boards.heat.grid import HeatGrid, HeatLimits, PlacedAccelerator, heat_grid
from telemetry import queries as telemetry
from telemetry.core.metric import LimitTest, MetricKind
from telemetry.core.registry import registry
from telemetry.core.rows import Latest
from telemetry.models import Series

FRESH = timedelta(minutes=15)
"""An older value says nothing of now: the accelerator has no sample."""
RISES = timedelta(hours=24)
"""A counter is shown by its increase over this time."""
FIRST = ("DCGM_FI_DEV_GPU_TEMP", "gpu_junction_temperature", "gpu_edge_temperature", "DCGM_FI_DEV_GPU_UTIL")
"""Metrics that are shown first, where a site has them."""


@dataclass(frozen=True, slots=True)
class HeatMetric:
    name: str
    title: str
    unit: str
    counts_up: bool
    limits: HeatLimits

    @property
    def label(self) -> str:
        return f"{self.title}, increase in 24 h" if self.counts_up else self.title


@dataclass(frozen=True, slots=True)
class HeatMap:
    """`values` by id of the accelerator; those without a sample are missing."""

    metric: HeatMetric
    grid: HeatGrid
    values: Mapping[int, float]
    newest_at: datetime | None
    provenance: str

    @property
    def accelerators(self) -> int:
        return sum(each is not None for row in self.grid.cells for each in row)


def heat_metrics(site: Site) -> list[HeatMetric]:
    """List what the accelerators of a site send, the metrics to look at first in front; one statement."""
    series = Series.objects.filter(site=site, accelerator__isnull=False, ended_at=None)
    names = series.exclude(kind=MetricKind.HISTOGRAM).order_by().values_list("metric", "kind").distinct()
    metrics = {name: heat_metric(name, counts_up=kind == MetricKind.COUNTER) for name, kind in names}
    first = {name: place for place, name in enumerate(FIRST)}
    return sorted(metrics.values(), key=lambda each: (first.get(each.name, len(FIRST)), each.label))


def heat_metric(name: str, *, counts_up: bool) -> HeatMetric:
    definition = registry().get(name)
    title, unit = (definition.title, definition.unit) if definition else (name, "")
    limits = HeatLimits()
    for rule in definition.plain_rules[:1] if definition and not counts_up else ():
        limits = HeatLimits(
            warn=next(iter(rule.warn), None),
            critical=next(iter(rule.critical), None),
            is_below=rule.direction is LimitTest.BELOW,
        )
    return HeatMetric(name, title, unit, counts_up, limits)


def heat_map(site: Site, metric: HeatMetric, *, now: datetime) -> HeatMap:
    grid = heat_grid(_accelerators(site))
    snapshot = telemetry.snapshot([site.pk], [metric.name], now=now)
    samples = [each for each in snapshot.latest(within_s=FRESH.total_seconds()) if each.accelerator_id]
    values = _worst(samples, metric)
    if metric.counts_up:
        values = dict.fromkeys(values, 0.0)
        for rise in snapshot.increase_since(start=now - RISES):
            if rise.accelerator_id in values:
                values[rise.accelerator_id] += rise.increase
    newest_at = max((each.ts for each in samples), default=None)
    return HeatMap(metric, grid, values, newest_at, next((each.provenance for each in samples), ""))


def node_count(site: Site) -> int:
    return (
        Accelerator.objects.active()
        .filter(device__site=site)
        .aggregate(Count("device", distinct=True))["device__count"]
    )


def _accelerators(site: Site) -> list[PlacedAccelerator]:
    columns = ("pk", "index", "device__name", "device__rack__name")
    rows = Accelerator.objects.active().filter(device__site=site).order_by("pk").values_list(*columns)
    return [
        PlacedAccelerator(id=pk, index=index, node=node, rack=rack or "") for pk, index, node, rack in rows
    ]


def _worst(samples: Sequence[Latest], metric: HeatMetric) -> dict[int, float]:
    """Several series may describe one accelerator, such as parts of it."""
    worse = min if metric.limits.is_below else max
    values: dict[int, float] = {}
    for each in samples:
        assert each.accelerator_id is not None
        values[each.accelerator_id] = worse(values.get(each.accelerator_id, each.value), each.value)
    return values
