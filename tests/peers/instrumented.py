"""A program that measures itself by OpenTelemetry's SDK for Python, which its environment configures, as any program.

`python -m tests.peers.instrumented protobuf 0` goes through the first life of the plan. After each export it prints
the outcome and the time of the points. It ends as if it was killed, without a last export.
"""

import json
import os
import signal
import sys
import time
from importlib import import_module
from typing import Any, NamedTuple

from opentelemetry.metrics import Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExportResult, MetricsData, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View

SCOPE = "muster.plan"
BOUNDS = (0.1, 1.0, 10.0)
# Points of two exports lie further apart than the millisecond to which Muster stores times.
APART_S = 0.02


class Round(NamedTuple):
    """The measurements between two exports. Callbacks report `read` and `open`."""

    requests: int
    in_flight: int
    temperature: float
    read: int
    open: int
    waits: tuple[float, ...]
    sizes: tuple[float, ...]


# Two lives of the program. Its counters are never lower in the second one than at the end of the first: only the start
# of their points tells that they began anew.
PLAN = (
    (
        Round(5, 4, 61.5, 100, 7, (0.05, 0.5, 2.5), (0.0, 0.013, 3.3)),
        Round(3, -6, 63.25, 100, 9, (0.07,), (511.0,)),
        Round(8, 1, 59.0, 160, 2, (30.0, 0.1), (0.2, 700.5)),
    ),
    (
        Round(40, 2, 58.5, 900, 1, (0.2,) * 20, (0.9,) * 20),
        Round(2, 3, 60.0, 905, 4, (11.0, 0.01), (0.0, 0.25)),
    ),
)


class Plan:
    """The rounds of one life, by an instrument of each kind."""

    def __init__(self, meter: Any) -> None:
        self.current: Round | None = None
        self._requests = meter.create_counter("requests")
        self._in_flight = meter.create_up_down_counter("in_flight")
        self._temperature = meter.create_gauge("temperature")
        self._waits = meter.create_histogram("wait", explicit_bucket_boundaries_advisory=list(BOUNDS))
        self._sizes = meter.create_histogram("size")
        meter.create_observable_counter("read", [lambda _: self._observe("read")])
        meter.create_observable_up_down_counter("open_files", [lambda _: self._observe("open")])
        meter.create_observable_gauge("newest_temperature", [lambda _: self._observe("temperature")])

    def measure(self, measured: Round) -> None:
        self.current = measured
        self._requests.add(measured.requests, {"gpu": 3, "is.shared": True})
        self._in_flight.add(measured.in_flight)
        self._temperature.set(measured.temperature)
        for wait in measured.waits:
            self._waits.record(wait)
        for size in measured.sizes:
            self._sizes.record(size)

    def _observe(self, name: str) -> list[Observation]:
        return [] if self.current is None else [Observation(getattr(self.current, name))]


def reporting_exporter(encoding: str) -> Any:
    """The SDK's own exporter of this encoding, which prints the outcome of each export."""
    package = {"protobuf": "proto", "json": "json"}[encoding]
    exporter = import_module(f"opentelemetry.exporter.otlp.{package}.http.metric_exporter").OTLPMetricExporter

    class Reporting(exporter):  # type: ignore[misc]
        def export(self, metrics_data: MetricsData, *args: Any, **options: Any) -> MetricExportResult:
            result: MetricExportResult = super().export(metrics_data, *args, **options)
            times_ns = {
                point.time_unix_nano
                for resource in metrics_data.resource_metrics
                for scope in resource.scope_metrics
                for metric in scope.metrics
                for point in metric.data.data_points
            }
            print(json.dumps({"result": result.name, "times_ns": sorted(times_ns)}), flush=True)
            return result

    return Reporting()


def main(encoding: str, life: int) -> None:
    # Exports when it is told to, and at no other time.
    reader = PeriodicExportingMetricReader(reporting_exporter(encoding), export_interval_millis=float("inf"))
    sizes = View(instrument_name="size", aggregation=ExponentialBucketHistogramAggregation())
    provider = MeterProvider([reader], views=[sizes])
    plan = Plan(provider.get_meter(SCOPE))
    for measured in PLAN[life]:
        plan.measure(measured)
        provider.force_flush()
        time.sleep(APART_S)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
