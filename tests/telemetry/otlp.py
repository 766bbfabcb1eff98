"""Bodies of OTLP, made by the published classes (opentelemetry-proto), which share nothing with Muster's reader, and
what Muster reads of them."""

import pytest
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1 import metrics_pb2 as published

from telemetry.core.columns import TakenTimes
from telemetry.core.labels import KeyCache, labels_of
from telemetry.formats import otlp
from telemetry.formats.contract import BodyHeaders, BodyLimits
from tests.telemetry.core.wire import DAY_MS, NOW_MS

DELTA = published.AGGREGATION_TEMPORALITY_DELTA
CUMULATIVE = published.AGGREGATION_TEMPORALITY_CUMULATIVE
NS = 1_000_000
RESOURCE = {"host.name": "gpu-01", "service.name": "agent"}


def any_value(value):
    match value:
        case AnyValue():
            return value
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case bytes():
            return AnyValue(bytes_value=value)
        case _:
            return AnyValue(string_value=value)


def attributes(values):
    return [KeyValue(key=name, value=any_value(value)) for name, value in values.items()]


def number(value, at_ms, *, start_ms=0, flags=0, exemplars=0, **labels):
    """A point of a gauge or sum: an integer or a double, or without a value."""
    values = {} if value is None else {"as_int" if isinstance(value, int) else "as_double": value}
    return published.NumberDataPoint(
        attributes=attributes({name.replace("_", "."): label for name, label in labels.items()}),
        start_time_unix_nano=start_ms * NS,
        time_unix_nano=at_ms * NS,
        flags=flags,
        exemplars=[published.Exemplar(as_double=1.0)] * exemplars,
        **values,
    )


def gauge(name, *points):
    return published.Metric(name=name, gauge=published.Gauge(data_points=points))


def counter(name, *points, temporality=CUMULATIVE, is_monotonic=True):
    data = published.Sum(data_points=points, aggregation_temporality=temporality, is_monotonic=is_monotonic)
    return published.Metric(name=name, sum=data)


def histogram(name, at_ms, *, temporality=CUMULATIVE, start_ms=0, **figures):
    point = published.HistogramDataPoint(
        start_time_unix_nano=start_ms * NS, time_unix_nano=at_ms * NS, **figures
    )
    data = published.Histogram(data_points=[point], aggregation_temporality=temporality)
    return published.Metric(name=name, histogram=data)


def buckets(offset, *counts):
    return published.ExponentialHistogramDataPoint.Buckets(offset=offset, bucket_counts=counts)


def exponential(name, at_ms, *, temporality=CUMULATIVE, start_ms=0, **figures):
    point = published.ExponentialHistogramDataPoint(
        start_time_unix_nano=start_ms * NS, time_unix_nano=at_ms * NS, **figures
    )
    data = published.ExponentialHistogram(data_points=[point], aggregation_temporality=temporality)
    return published.Metric(name=name, exponential_histogram=data)


def summary(name, at_ms, quantiles, *, start_ms=0, **figures):
    values = [published.SummaryDataPoint.ValueAtQuantile(quantile=q, value=v) for q, v in quantiles.items()]
    point = published.SummaryDataPoint(
        start_time_unix_nano=start_ms * NS, time_unix_nano=at_ms * NS, quantile_values=values, **figures
    )
    return published.Metric(name=name, summary=published.Summary(data_points=[point]))


def message(*metrics, resource=RESOURCE, scope="", scope_version="", scope_attributes=None):
    request = ExportMetricsServiceRequest()
    about = request.resource_metrics.add()
    about.resource.attributes.extend(attributes(resource))
    group = about.scope_metrics.add()
    group.scope.name, group.scope.version = scope, scope_version
    group.scope.attributes.extend(attributes(scope_attributes or {}))
    group.metrics.extend(metrics)
    return request


def protobuf_bytes(request):
    return request.SerializeToString()


def json_bytes(request):
    return MessageToJson(request, use_integers_for_enums=True, indent=None).encode()


WINDOW = TakenTimes(now_ms=NOW_MS, oldest_ms=NOW_MS - 2 * DAY_MS)
PROTOBUF, JSON = "application/x-protobuf", "application/json"
ENCODINGS = {PROTOBUF: protobuf_bytes, JSON: json_bytes}
encodings = pytest.mark.parametrize("encoding", ENCODINGS)
BEFORE = NOW_MS - 60_000


def decode(body, encoding=PROTOBUF, *, cache=None, limits=None, window=WINDOW, compression=None):
    headers = BodyHeaders(encoding, compression)
    return otlp.decode(
        body,
        headers,
        window=window,
        limits=limits or BodyLimits(),
        cache=KeyCache() if cache is None else cache,
    )


def rows(columns):
    """(labels, time in ms from now, value) of each sample; a stale marker is None."""
    keys = [labels_of(key) for key in columns.keys]
    values = [
        None if stale else value for stale, value in zip(columns.stale, columns.value.tolist(), strict=True)
    ]
    times = (columns.ts_ms - NOW_MS).tolist()
    return [(keys[i], at, value) for i, at, value in zip(columns.series_index, times, values, strict=True)]


def values_of(*metrics, encoding=PROTOBUF, cache=None, **options):
    """{name and own label: {ms from now: value}} of the series of these metrics."""
    columns = decode(ENCODINGS[encoding](message(*metrics, resource={}, **options)), encoding, cache=cache)
    series = {}
    for labels, at, value in rows(columns):
        own = "".join(f" {text}" for label, text in labels.items() if label != "__name__")
        name = labels["__name__"] + own
        series.setdefault(name, {})[at] = value
    return series


def outcome(columns):
    """The samples of a body as sorted texts, so that NaN equals NaN, and the counts of its refusals."""
    samples = sorted(f"{labels} {at} {value}" for labels, at, value in rows(columns))
    return samples, columns.rejected.counts


def starts_of(cache):
    """A cache that knows the starts of cumulative sums, by which a reset is seen, and no series."""
    fresh = KeyCache()
    for raw, start in cache.keys.items():
        if raw.startswith(b"start"):
            fresh.put(raw, start)
    return fresh
