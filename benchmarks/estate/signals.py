"""Signals of the estate's sites: one collector each, every minute, through Muster's own intake; and their days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from benchmarks.estate.plan import EstateSite
from inventory.models import Site
from readiness.assessment.evidence.measures import (
    CIRCUIT_LOAD,
    INLET,
    ROUND_TRIP,
    SITE_LOAD,
    STEP_1S,
    STEP_10S,
    SUPPLY,
)
from readiness.assessment.evidence.models import Measure, MeasuredDay
from telemetry.core.columns import Rejections, SampleColumns
from telemetry.core.labels import NAME, key_of
from telemetry.core.sketch import Sketch
from telemetry.drain import drain_once
from telemetry.ingest import accept
from telemetry.models import Source
from telemetry.operations import create_source
from telemetry.sources import update_states

USER_REGIONS = ("iberia", "nordics")
LEVEL = "meter"
DAYS = 30

type Signal = tuple[str, dict[str, str], float, float]
"""Metric, labels, value, and what the value varies by; a counter varies by 0 and stands still."""


def signals(plan: EstateSite) -> Iterator[Signal]:
    for node in plan.nodes:
        yield "node_load1", {"instance": f"{node}:9100"}, 30.0, 5.0
        yield "ipmi_temperature_celsius", {"instance": f"{node}:9290", "name": "Inlet Temp"}, 22.0, 1.0
        for index in plan.accelerators:
            gpu = {"gpu": str(index), "Hostname": node}
            yield "DCGM_FI_DEV_XID_ERRORS", gpu, 0.0, 0.0
            yield "DCGM_FI_DEV_ROW_REMAP_FAILURE", gpu, 0.0, 0.0
            yield "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", gpu, 0.0, 0.0
            yield "DCGM_FI_DEV_GPU_TEMP", gpu, 61.0, 4.0
            yield "DCGM_FI_DEV_GPU_UTIL", gpu, 80.0, 10.0
        for port in plan.node_ports:
            of_port = {"instance": f"{node}:9100", "device": port, "port": "1"}
            yield "node_infiniband_link_downed_total", of_port, 1.0, 0.0
            yield "node_infiniband_symbol_error_total", of_port, 0.0, 0.0
    for leaf in plan.switches:
        for port in plan.switch_ports:
            of_port = {"instance": f"{leaf}:9100", "device": port}
            yield "node_network_carrier_down_changes_total", of_port, 3.0, 0.0
            yield "node_network_receive_errs_total", of_port, 0.0, 0.0
    yield from _energy(plan)
    for region in USER_REGIONS:
        path = {"phase": "rtt", "site": plan.slug, "user_region": region}
        yield "probe_icmp_duration_seconds", path, 0.012, 0.002


def _energy(plan: EstateSite) -> Iterator[Signal]:
    for rack, leg in plan.feeds:
        # Hundredths of kW.
        yield "rPDU2DeviceStatusPower", {"instance": plan.pdu(rack, leg)}, 25 * plan.it_kw, plan.it_kw
    yield "site_power_watts", {"site": plan.slug}, 1300 * plan.it_kw, 10 * plan.it_kw
    ups = {"instance": plan.ups}
    yield "upsBatteryStatus", ups, 2.0, 0.0
    yield "upsOutputSource", ups, 3.0, 0.0
    yield "upsTestResultsSummary", ups, 1.0, 0.0
    yield "upsEstimatedMinutesRemaining", ups, 20.0, 0.0
    yield "upsOutputPercentLoad", ups, 55.0, 3.0
    yield "cooling_return_temperature_celsius", {"cooling_unit": plan.air}, 30.0, 1.0
    if plan.loop:
        yield "cooling_supply_temperature_celsius", {"cooling_unit": plan.loop}, 32.0, 1.0
        yield "cooling_flow_alarm", {"cooling_unit": plan.loop}, 0.0, 0.0


@dataclass
class Collector:
    source: Source
    keys: list[bytes]
    values: NDArray[np.float64]
    spread: NDArray[np.float64]
    random: np.random.Generator = field(repr=False)

    @classmethod
    def build(cls, plan: EstateSite, source: Source) -> Collector:
        metrics, labels, values, spread = zip(*signals(plan), strict=True)
        keys = [
            key_of({NAME: metric, **label_set}) for metric, label_set in zip(metrics, labels, strict=True)
        ]
        return cls(source, keys, np.array(values), np.array(spread), np.random.default_rng(plan.number))

    def send(self, instants: Sequence[datetime], *, now: datetime) -> None:
        count = len(self.keys)
        values = self.values + self.spread * self.random.uniform(-1, 1, (len(instants), count))
        columns = SampleColumns(
            keys=self.keys,
            series_index=np.tile(np.arange(count, dtype=np.int32), len(instants)),
            ts_ms=np.repeat(np.array([round(at.timestamp() * 1000) for at in instants], np.int64), count),
            value=np.ascontiguousarray(values).reshape(-1),
            rejected=Rejections(),
        )
        accept(source=self.source, columns=columns, now=now)


def collectors(plans: Sequence[EstateSite], sites: Mapping[int, Site], *, now: datetime) -> list[Collector]:
    estate_collectors = []
    for plan in plans:
        source, _ = create_source(name=f"{plan.slug} collector", site=sites[plan.number], by=None, now=now)
        estate_collectors.append(Collector.build(plan, source))
    return estate_collectors


def send(collectors: Sequence[Collector], instants: Sequence[datetime], *, now: datetime) -> None:
    for collector in collectors:
        collector.send(instants, now=now)
    while drain_once(now=now):
        pass
    update_states(now=now)


def write_days(plans: Sequence[EstateSite], sites: Mapping[int, Site], *, now: datetime) -> None:
    """The last 30 days as daily measuring would have left them, today's so far among them."""
    days = [now - timedelta(days=back) for back in range(DAYS)]
    sketches = {value: Sketch.build(np.full(1440, value)) for value in (12.0, 23.0, 33.0)}
    rows = []
    for plan in plans:
        for key, part, value, reach in _measures(plan):
            sketch = sketches.get(value) if key in (INLET.key, SUPPLY.key, ROUND_TRIP.key) else None
            rows += [
                Measure(
                    site=sites[plan.number],
                    key=key,
                    part=part,
                    on_date=day.date(),
                    value=value,
                    samples=1440,
                    sketch_buckets=None if sketch is None else sketch.buckets.tolist(),
                    sketch_counts=None if sketch is None else sketch.counts.tolist(),
                    taken_at=day,
                    measured_at=day,
                )
                for day in days[:reach]
            ]
    Measure.objects.bulk_create(rows, batch_size=20_000)
    MeasuredDay.objects.bulk_create(
        MeasuredDay(
            site=site, on_date=day.date(), measured_at=day, whole_at=day, closed=day.date() < now.date()
        )
        for site in sites.values()
        for day in days
    )


def _measures(plan: EstateSite) -> Iterator[tuple[str, str, float, int]]:
    """Key, part, value and how many days of it are read."""
    yield SITE_LOAD.key, LEVEL, 1.3 * plan.it_kw, DAYS
    yield STEP_1S.key, LEVEL, 0.1 * plan.it_kw, DAYS
    yield STEP_10S.key, LEVEL, 0.2 * plan.it_kw, DAYS
    for rack, leg in plan.feeds:
        yield CIRCUIT_LOAD.key, f"{rack}-{leg}", 30.0, 2
    for node in plan.nodes:
        yield INLET.key, f"{node} Inlet Temp", 23.0, 7
    if plan.loop:
        yield SUPPLY.key, plan.loop, 33.0, 7
    for region in USER_REGIONS:
        yield ROUND_TRIP.key, region, 12.0, 7
