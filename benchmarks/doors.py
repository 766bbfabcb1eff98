"""Measures what reading a body costs in each format of samples: points per processor second, without a server.

All series are known from an earlier body, as on a sender's ordinary day. A point of a histogram is one point, however
many samples become of it.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial

from opentelemetry.proto.metrics.v1 import metrics_pb2 as published

from benchmarks.bodies import SERIES, Family
from telemetry import formats
from telemetry.core.columns import TakenTimes
from telemetry.core.labels import KeyCache
from tests.telemetry.otlp import (
    CUMULATIVE,
    DELTA,
    NS,
    attributes,
    buckets,
    counter,
    gauge,
    json_bytes,
    message,
    number,
    protobuf_bytes,
)

METRICS, POINTS, HISTOGRAM_POINTS = 20, 100, 25
# Those of the SDKs.
BOUNDS = (0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000)
BODIES, STEP_MS = 8, 15_000
BEGIN_MS, START_MS = 1_795_500_000_000, 1_795_400_000_000
WRITE, IMPORT, OTLP = "/api/v1/write", "/api/telemetry/import/", "/otlp/v1/metrics"
PROTOBUF, JSON = "application/x-protobuf", "application/json"

type MakeBody = Callable[[int], tuple[bytes, int]]
type MakeMetric = Callable[[str, int], tuple[published.Metric, int]]


def main() -> None:
    family, random_values = Family("site", seed=1), random.Random(1)

    def otlp(encode: Callable[..., bytes], make: MakeMetric) -> MakeBody:
        def make_body(at_ms: int) -> tuple[bytes, int]:
            metrics = [make(f"metric.{number}", at_ms) for number in range(METRICS)]
            return encode(message(*(metric for metric, _ in metrics))), sum(points for _, points in metrics)

        return make_body

    makers: dict[str, MakeMetric] = {
        "gauges": partial(numbers, gauge, random_values),
        "counters": partial(numbers, counter, random_values),
        "deltas": partial(numbers, partial(counter, temporality=DELTA), random_values),
        "histograms": partial(histograms, CUMULATIVE, random_values),
        "histograms of deltas": partial(histograms, DELTA, random_values),
        "exponential histograms": partial(exponentials, random_values),
    }
    report("remote write 1.0", WRITE, PROTOBUF, lambda at_ms: (family.body(at_ms), SERIES))
    for name, make in makers.items():
        report(f"OTLP, {name}", OTLP, PROTOBUF, otlp(protobuf_bytes, make))
    for name, make in makers.items():
        report(f"OTLP in JSON, {name}", OTLP, JSON, otlp(json_bytes, make))
    report("text exposition", IMPORT, "text/plain", lambda at_ms: (exposition(at_ms), METRICS * POINTS))
    report("CSV", IMPORT, "text/csv", lambda at_ms: (table(at_ms), METRICS * POINTS))


def report(name: str, address: str, content_type: str, make_body: MakeBody) -> None:
    """Print the median over all bodies but the first, which brings the series."""
    headers = formats.BodyHeaders(content_type)
    decoder, cache = formats.format_of(address, headers).load(), KeyCache()
    end_ms = BEGIN_MS + BODIES * STEP_MS
    window = TakenTimes(now_ms=end_ms, oldest_ms=START_MS)
    rates = []
    for at_ms in range(BEGIN_MS, end_ms, STEP_MS):
        body, points = make_body(at_ms)
        began_s = time.process_time()
        columns = decoder.decode(body, headers, window=window, limits=formats.BodyLimits(), cache=cache)
        spent_s = time.process_time() - began_s
        if columns.rejected.total:
            raise AssertionError(columns.rejected.message())
        rates.append((points / spent_s, columns.samples / spent_s))
    points_rate, samples_rate = (statistics.median(each) for each in zip(*rates[1:], strict=True))
    print(f"{name}: {points_rate:,.0f} points, {samples_rate:,.0f} samples per CPU-second", flush=True)


def labels(place: int) -> dict[str, str]:
    return {"gpu": str(place % 8), "rack": f"r{place // 40}", "node": f"gpu-node-{place // 8:03}.example.org"}


def times(at_ms: int, temporality: int) -> tuple[int, int]:
    """Start and time in ns."""
    return (at_ms - STEP_MS if temporality == DELTA else START_MS) * NS, at_ms * NS


def numbers(
    make: Callable[..., published.Metric], values: random.Random, name: str, at_ms: int
) -> tuple[published.Metric, int]:
    points = [
        number(values.random() * 1e6, at_ms, start_ms=at_ms - STEP_MS, **labels(place))
        for place in range(POINTS)
    ]
    if make is counter:
        for point in points:
            point.start_time_unix_nano = START_MS * NS
    return make(name, *points), POINTS


def histograms(
    temporality: int, values: random.Random, name: str, at_ms: int
) -> tuple[published.Metric, int]:
    start_ns, time_ns = times(at_ms, temporality)
    points = []
    for place in range(HISTOGRAM_POINTS):
        counts = [values.randrange(1000) for _ in range(len(BOUNDS) + 1)]
        points.append(
            published.HistogramDataPoint(
                attributes=attributes(labels(place)),
                start_time_unix_nano=start_ns,
                time_unix_nano=time_ns,
                count=sum(counts),
                sum=values.random() * 1e6,
                bucket_counts=counts,
                explicit_bounds=BOUNDS,
                min=0.5,
                max=9000.0,
            )
        )
    data = published.Histogram(data_points=points, aggregation_temporality=temporality)
    return published.Metric(name=name, histogram=data), len(points)


def exponentials(values: random.Random, name: str, at_ms: int) -> tuple[published.Metric, int]:
    """Histograms of 160 buckets each, as the SDKs fill them at most."""
    start_ns, time_ns = times(at_ms, CUMULATIVE)
    points = []
    for place in range(HISTOGRAM_POINTS):
        counts = [values.randrange(1000) for _ in range(160)]
        points.append(
            published.ExponentialHistogramDataPoint(
                attributes=attributes(labels(place)),
                start_time_unix_nano=start_ns,
                time_unix_nano=time_ns,
                count=sum(counts),
                sum=values.random() * 1e6,
                scale=5,
                positive=buckets(-60, *counts),
            )
        )
    data = published.ExponentialHistogram(data_points=points, aggregation_temporality=CUMULATIVE)
    return published.Metric(name=name, exponential_histogram=data), len(points)


def rows() -> Iterator[tuple[str, dict[str, str]]]:
    for metric in range(METRICS):
        for place in range(POINTS):
            yield f"metric_{metric}", labels(place)


def exposition(at_ms: int) -> bytes:
    """Text with a time in ms behind each value."""
    return "".join(
        f"{name}{{{','.join(f'{label}="{text}"' for label, text in own.items())}}} {at_ms % 997}.5 {at_ms}\n"
        for name, own in rows()
    ).encode()


def table(at_ms: int) -> bytes:
    lines = [f"{at_ms},{name},{at_ms % 997}.5,{','.join(own.values())}\n" for name, own in rows()]
    return f"time,metric,value,{','.join(labels(0))}\n{''.join(lines)}".encode()
