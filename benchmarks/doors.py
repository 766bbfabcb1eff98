"""Measures what reading a body costs in each format of samples, by processor seconds and without a server.

All series are known from an earlier body, as on a sender's ordinary day. A point is one of the sender's, so that a
histogram is one; a value is what the body says of one series, so that a histogram of 16 buckets is 20. The zeros that
Muster adds to deltas count as neither. OTLP has a bar, in values, because a point of another format is one value; the
machine and what else runs on it move all figures alike, so each stands beside its share of that of remote write 1.0.
"""

import json
import random
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial

from opentelemetry.proto.metrics.v1 import metrics_pb2 as published

from benchmarks.bodies import SERIES, Family, Row, agent_body, exposition, open_metrics, table, version_2
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
NODES = 500
# OTLP has to reach so many values per processor second.
BAR = 150_000
# Those of the SDKs.
BOUNDS = (0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000)
BODIES, STEP_MS = 8, 15_000
BEGIN_MS, START_MS = 1_795_500_000_000, 1_795_400_000_000
WRITE, IMPORT, OTLP = "/api/v1/write", "/api/telemetry/import/", "/otlp/v1/metrics"
PROTOBUF, JSON = "application/x-protobuf", "application/json"
VERSION_2 = f"{PROTOBUF};proto=io.prometheus.write.v2.Request"
OPEN_METRICS = "application/openmetrics-text; version=1.0.0"
QUANTILES = (0.5, 0.9, 0.99)

type MakeBody = Callable[[int], tuple[bytes, int]]
type MakeMetric = Callable[[str, int], tuple[published.Metric, int]]


def main() -> None:
    random_values = random.Random(1)
    makers: dict[str, MakeMetric] = {
        "gauges": partial(numbers, gauge, random_values),
        "counters": partial(numbers, counter, random_values),
        "deltas": partial(numbers, partial(counter, temporality=DELTA), random_values),
        "histograms": partial(histograms, CUMULATIVE, random_values),
        "histograms of deltas": partial(histograms, DELTA, random_values),
        "exponential histograms": partial(exponentials, CUMULATIVE, random_values),
        "exponential histograms of deltas": partial(exponentials, DELTA, random_values),
        "summaries": partial(summaries, random_values),
    }
    family = Family("site", seed=1)
    usual = measure("remote write 1.0", WRITE, PROTOBUF, lambda at_ms: (family.body(at_ms), SERIES))
    measure(
        "the agent", WRITE, PROTOBUF, lambda at_ms: (agent_body(family.rows(), at_ms), SERIES), usual=usual
    )
    measure_rows(random_values, usual)
    measure("reports of Slurm", IMPORT, JSON, lambda at_ms: (nodes(at_ms), NODES), usual=usual)
    slow = []
    for name, make in makers.items():
        for title, content_type, encode in (
            (f"OTLP, {name}", PROTOBUF, protobuf_bytes),
            (f"OTLP in JSON, {name}", JSON, json_bytes),
        ):
            if measure(title, OTLP, content_type, otlp(encode, make), usual=usual) < BAR:
                slow.append(title)
    if slow:
        raise SystemExit(f"Less than the bar of {BAR:,} values per CPU-second: {'; '.join(slow)}")
    print(f"OTLP reaches the bar of {BAR:,} values per CPU-second in all its forms")


def measure_rows(values: random.Random, usual: float) -> None:
    """Formats in which each row is a sample."""
    make_version_2 = version_2(own for own, _ in rows(values))
    encoders: dict[str, tuple[str, str, Callable[[int], bytes]]] = {
        "remote write 2.0": (
            WRITE,
            VERSION_2,
            lambda at_ms: make_version_2((value for _, value in rows(values)), at_ms),
        ),
        "text exposition": (IMPORT, "text/plain", lambda at_ms: exposition(rows(values), at_ms)),
        "OpenMetrics": (IMPORT, OPEN_METRICS, lambda at_ms: open_metrics(rows(values), at_ms)),
        "CSV": (IMPORT, "text/csv", lambda at_ms: table(rows(values), at_ms)),
    }
    for name, (address, content_type, encode) in encoders.items():
        measure(
            name,
            address,
            content_type,
            lambda at_ms, encode=encode: (encode(at_ms), METRICS * POINTS),
            usual=usual,
        )


def measure(
    name: str, address: str, content_type: str, make_body: MakeBody, *, usual: float | None = None
) -> float:
    """Print and return values per processor second: the median over all bodies but the first, which brings the
    series."""
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
        # Each series has one value in a body, and deltas their zeros.
        rates.append((points / spent_s, len(columns.keys) / spent_s))
    points_rate, values_rate = (statistics.median(each) for each in zip(*rates[1:], strict=True))
    share = "" if usual is None else f", {values_rate / usual:.0%} of remote write 1.0"
    print(f"{name}: {points_rate:,.0f} points, {values_rate:,.0f} values{share}", flush=True)
    return values_rate


def nodes(at_ms: int) -> bytes:
    """Return what `scontrol show nodes --json` prints. A node is a point, of which Muster makes three values."""
    report = [
        {
            "name": f"gpu-node-{number:03}.example.org",
            "state": ["MIXED"],
            "tres": "cpu=64,mem=1T,gres/gpu=8",
            "tres_used": f"cpu=4,gres/gpu={(at_ms // STEP_MS + number) % 9}",
        }
        for number in range(NODES)
    ]
    return json.dumps({"nodes": report}).encode()


def otlp(encode: Callable[..., bytes], make: MakeMetric) -> MakeBody:
    def make_body(at_ms: int) -> tuple[bytes, int]:
        metrics = [make(f"metric.{number}", at_ms) for number in range(METRICS)]
        return encode(message(*(metric for metric, _ in metrics))), sum(points for _, points in metrics)

    return make_body


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


def exponentials(
    temporality: int, values: random.Random, name: str, at_ms: int
) -> tuple[published.Metric, int]:
    """Histograms of 160 buckets each, as the SDKs fill them at most."""
    start_ns, time_ns = times(at_ms, temporality)
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
    data = published.ExponentialHistogram(data_points=points, aggregation_temporality=temporality)
    return published.Metric(name=name, exponential_histogram=data), len(points)


def summaries(values: random.Random, name: str, at_ms: int) -> tuple[published.Metric, int]:
    start_ns, time_ns = times(at_ms, CUMULATIVE)
    points = [
        published.SummaryDataPoint(
            attributes=attributes(labels(place)),
            start_time_unix_nano=start_ns,
            time_unix_nano=time_ns,
            count=values.randrange(1000),
            sum=values.random() * 1e6,
            quantile_values=[
                published.SummaryDataPoint.ValueAtQuantile(quantile=each, value=values.random())
                for each in QUANTILES
            ],
        )
        for place in range(HISTOGRAM_POINTS)
    ]
    return published.Metric(name=name, summary=published.Summary(data_points=points)), len(points)


def rows(values: random.Random) -> Iterator[Row]:
    for metric in range(METRICS):
        for place in range(POINTS):
            yield labels(place) | {"__name__": f"metric_{metric}"}, values.random() * 1e6
