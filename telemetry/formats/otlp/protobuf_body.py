"""OTLP metrics in protobuf.

Most numbers and histograms go by without a look at their attributes. SDKs and the Collector write the fields of a point
in one order (`layout`). Where what follows the numbers is known from an earlier point of the metric to be whole, good
attributes and nothing else, only columns of numbers are left to read. For a cumulative sum, the start belongs to what
must be known, so that a reset is looked at. Everything else takes the careful way.
"""

import base64
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from telemetry.core.labels import encode_field
from telemetry.formats.contract import BodyLimits, WriteTooLarge
from telemetry.formats.otlp import messages
from telemetry.formats.otlp.layout import (
    EXEMPLAR_TAG_OF_NUMBER,
    FIELD_BYTES,
    cut_exemplars,
    number_columns,
    split_number,
)
from telemetry.formats.otlp.naming import Attributes, Origin, PlainValue, label_pairs, origin
from telemetry.formats.otlp.point_layouts import HistogramLayout, SummaryLayout
from telemetry.formats.otlp.points import (
    Buckets,
    ExponentialPoint,
    Figures,
    HistogramPoint,
    NumberPoint,
    PointTotals,
    SummaryPoint,
)
from telemetry.formats.otlp.protobuf_histograms import ExponentialQueue, LayoutQueue
from telemetry.formats.otlp.samples import OtlpMetric, PointFacts, PointSamples
from telemetry.formats.remote_write import refuse_many_fields

_MOST_NUMBERS = 10_000
_VALUES = tuple(messages.AnyValue.DESCRIPTOR.fields_by_name)


def read(plain: bytes, samples: PointSamples, limits: BodyLimits) -> None:
    for tag in (0x0A, 0x12):
        refuse_many_fields(plain, tag, limits)
    entries, points = _Entries(limits), _ProtobufPoints(samples, limits)
    for resource_body in entries.count(messages.parse(messages.Request, plain).resource_metrics):
        resource = messages.parse(messages.ResourceMetrics, resource_body)
        for scope_body in entries.count(resource.scope_metrics):
            scope = messages.parse(messages.ScopeMetrics, scope_body)
            resource_attributes, scope_fields = _attributes(resource.resource.attributes), scope.scope
            around = origin(
                resource_attributes,
                scope_fields.name,
                scope_fields.version,
                _attributes(scope_fields.attributes),
            )
            for body in entries.count(scope.metrics):
                points.read_metric(messages.parse(messages.Metric, body), around)
    points.flush()


class _Entries:
    """Counts resources, scopes and metrics, which an empty entry of two bytes makes cheap to send."""

    def __init__(self, limits: BodyLimits) -> None:
        self._most = self._left = limits.max_series

    def count(self, entries: Any) -> Any:
        self._left -= len(entries)
        if self._left < 0:
            raise WriteTooLarge(f"more than {self._most} resources, scopes and metrics")
        return entries


class _ProtobufPoints:
    """The points of a body. Those whose series are known wait until many are read together."""

    def __init__(self, samples: PointSamples, limits: BodyLimits) -> None:
        self._samples, self._limits = samples, limits
        # Known numbers: their metrics, the places of their series, their heads, and the exemplars of some.
        self._metrics: list[OtlpMetric] = []
        self._places: list[int] = []
        self._heads: list[bytes] = []
        self._exemplars: dict[int, int] = {}
        self._histograms = LayoutQueue(samples, self._read_histogram, HistogramLayout, messages.Histogram)
        self._summaries = LayoutQueue(samples, self._read_summary, SummaryLayout, messages.Summary)
        self._exponentials = ExponentialQueue(samples, self._read_exponential)

    def read_metric(self, sent: Any, around: Origin) -> None:
        name = sent.name
        if sent.HasField("gauge"):
            self._read_all(OtlpMetric(around, name), sent.gauge, self._read_numbers)
        elif sent.HasField("sum"):
            metric = OtlpMetric(around, name, sent.sum.aggregation_temporality, sent.sum.is_monotonic)
            self._read_all(metric, sent.sum, self._read_numbers)
        elif sent.HasField("histogram"):
            points = sent.histogram
            metric = OtlpMetric(around, name, points.aggregation_temporality, is_monotonic=True)
            self._read_all(metric, points, self._histograms.read)
        elif sent.HasField("exponential_histogram"):
            points = sent.exponential_histogram
            metric = OtlpMetric(around, name, points.aggregation_temporality, is_monotonic=True)
            self._read_all(metric, points, self._exponentials.read)
        elif sent.HasField("summary"):
            self._read_all(OtlpMetric(around, name, has_start=True), sent.summary, self._summaries.read)
        else:
            self._samples.refuse_metric(OtlpMetric(around, name), "no points of a type that Muster reads")

    def flush(self) -> None:
        self._flush_numbers()
        self._histograms.flush()
        self._exponentials.flush()
        self._summaries.flush()

    def _read_all(
        self, metric: OtlpMetric, sent: Any, read_points: Callable[[OtlpMetric, Any], None]
    ) -> None:
        bodies = sent.data_points
        if self._samples.check_metric(metric, len(bodies)):
            read_points(metric, bodies)

    def _read_numbers(self, metric: OtlpMetric, bodies: Any) -> None:
        find_place, prefix = self._samples.series.singles.get, b"number" + metric.digest
        is_cumulative = metric.is_cumulative
        places, heads, exemplars = self._places, self._heads, self._exemplars
        for body in bodies:
            if len(places) > _MOST_NUMBERS:
                self._flush_numbers()
                places, heads, exemplars = self._places, self._heads, self._exemplars
            head, rest = split_number(body)
            start = head[:FIELD_BYTES] if is_cumulative else b""
            place = find_place(prefix + start + rest) if head else None
            if place is None and head and rest[:1] == EXEMPLAR_TAG_OF_NUMBER:
                rest, number = cut_exemplars(rest, 0, EXEMPLAR_TAG_OF_NUMBER[0])
                place = find_place(prefix + start + rest)
                if place is not None:
                    exemplars[len(places)] = number
            if place is not None:
                self._metrics.append(metric)
                places.append(place)
                heads.append(head)
                continue
            point = messages.parse(messages.Number, body)
            keys = self._samples.add_point(metric, _facts(point), _number(point))
            if keys and head and messages.holds_only({"attributes"}, messages.Number, rest):
                self._samples.cache.put_single(prefix + start + rest, keys[0])

    def _flush_numbers(self) -> None:
        if self._places:
            columns = number_columns(self._heads, self._exemplars)
            self._samples.add_columns(self._metrics, np.array(self._places, np.int32), columns)
        self._metrics, self._places, self._heads, self._exemplars = [], [], [], {}

    def _read_summary(self, metric: OtlpMetric, body: bytes) -> list[bytes]:
        return self._read_point(metric, body, messages.Summary, _summary)

    def _read_histogram(self, metric: OtlpMetric, body: bytes) -> list[bytes]:
        return self._read_point(metric, body, messages.Histogram, _histogram)

    def _read_exponential(self, metric: OtlpMetric, body: bytes) -> list[bytes]:
        return self._read_point(metric, body, messages.Exponential, _exponential)

    def _read_point(
        self, metric: OtlpMetric, body: bytes, message: Any, read_figures: Callable[[Any], Figures]
    ) -> list[bytes]:
        """The keys of the point's series; none if it is refused."""
        if len(body) > self._limits.max_series_bytes:
            self._samples.refuse_large(metric, len(body))
            return []
        point = messages.parse(message, body)
        return self._samples.add_point(metric, _facts(point), read_figures(point))


def _number(point: Any) -> Figures:
    if point.HasField("as_double"):
        return NumberPoint(point.as_double)
    return NumberPoint(float(point.as_int) if point.HasField("as_int") else None)


def _histogram(point: Any) -> Figures:
    return HistogramPoint(_totals(point), list(point.bucket_counts), list(point.explicit_bounds))


def _exponential(point: Any) -> Figures:
    positive, negative = (
        Buckets(buckets.offset, list(buckets.bucket_counts)) for buckets in (point.positive, point.negative)
    )
    threshold = point.zero_threshold
    return ExponentialPoint(_totals(point), point.scale, point.zero_count, threshold, positive, negative)


def _summary(point: Any) -> Figures:
    quantiles = [(each.quantile, each.value) for each in point.quantile_values]
    return SummaryPoint(PointTotals(point.count, point.sum), quantiles)


def _totals(point: Any) -> PointTotals:
    count, *others = (
        getattr(point, name) if point.HasField(name) else None for name in ("count", "sum", "min", "max")
    )
    return PointTotals(count or 0, *others)


def _facts(point: Any) -> PointFacts:
    attributes = point.attributes
    return PointFacts(
        raw=b"".join([encode_field(0x0A, each) for each in attributes]),
        pairs=lambda: label_pairs(
            _attributes([messages.parse(messages.KeyValue, each) for each in attributes])
        ),
        start_ns=point.start_time_unix_nano,
        time_ns=point.time_unix_nano,
        flags=point.flags,
        exemplars=len(point.exemplars) if "exemplars" in point.DESCRIPTOR.fields_by_name else 0,
    )


def _attributes(sent: Iterable[Any]) -> Attributes:
    return [(each.key, _plain_value(each.value)) for each in sent]


def _plain_value(value: Any) -> PlainValue:
    """A string as it was sent, to be checked with its series; inside of lists and maps it is text."""
    if value.HasField("string_value"):
        return bytes(value.string_value)
    return _nested_value(value)


def _nested_value(value: Any) -> PlainValue:
    sent = [name for name in _VALUES if value.HasField(name)]
    match sent[-1] if sent else "":
        case "string_value":
            return _text(value.string_value)
        case "array_value":
            return [_nested_value(each) for each in value.array_value.values]
        case "kvlist_value":
            return {_text(each.key): _nested_value(each.value) for each in value.kvlist_value.values}
        case "bytes_value":
            return base64.b64encode(value.bytes_value).decode()
        case "":
            return None
        case name:
            return getattr(value, name)  # type: ignore[no-any-return]


def _text(sent: bytes) -> str:
    return sent.decode(errors="backslashreplace")
