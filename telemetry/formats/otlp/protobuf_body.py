"""OTLP metrics in protobuf.

Most numbers and histograms go by without a look at their attributes. SDKs and the Collector write the fields of a point
in one order (`layout`). Where what follows the numbers is known from an earlier point of the metric to be whole, good
attributes and nothing else, only columns of numbers are left to read. For a cumulative sum, the start belongs to what
must be known, so that a reset is looked at. Everything else takes the careful way.
"""

import base64
from collections.abc import Iterable
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from telemetry.core.labels import encode_field
from telemetry.formats.contract import BodyLimits, MalformedBody, WriteTooLarge
from telemetry.formats.otlp.layout import FIELD_BYTES, HistogramLayout, number_columns, split_number
from telemetry.formats.otlp.naming import Attributes, Origin, PlainValue, label_pairs, origin
from telemetry.formats.otlp.points import (
    Buckets,
    ExponentialPoint,
    Figures,
    HistogramPoint,
    NumberPoint,
    PointTotals,
    SummaryPoint,
)
from telemetry.formats.otlp.samples import OtlpMetric, PointFacts, PointSamples
from telemetry.formats.protobuf import message_classes
from telemetry.formats.remote_write import refuse_many_fields

_TIMES = {"start_time_unix_nano": (2, "fixed64"), "time_unix_nano": (3, "fixed64")}
_SUMS = {"count": (4, "fixed64"), "sum": (5, "double")}
_POINTS = {"data_points": (1, "repeated bytes"), "aggregation_temporality": (2, "int32")}
(
    _Request,
    _ResourceMetrics,
    _Resource,
    _ScopeMetrics,
    _Scope,
    _Metric,
    _Points,
    _Sum,
    _Number,
    _Histogram,
    _Exponential,
    _Buckets,
    _Summary,
    _Quantile,
    _KeyValue,
    _AnyValue,
    _ArrayValue,
    _KeyValueList,
) = message_classes(
    "muster.otlp.v1",
    {
        "Request": {"resource_metrics": (1, "repeated bytes")},
        "ResourceMetrics": {"resource": (1, "Resource"), "scope_metrics": (2, "repeated bytes")},
        "Resource": {"attributes": (1, "repeated KeyValue")},
        "ScopeMetrics": {"scope": (1, "Scope"), "metrics": (2, "repeated bytes")},
        "Scope": {"name": (1, "bytes"), "version": (2, "bytes"), "attributes": (3, "repeated KeyValue")},
        "Metric": {
            "name": (1, "bytes"),
            "gauge": (5, "Points"),
            "sum": (7, "Sum"),
            "histogram": (9, "Points"),
            "exponential_histogram": (10, "Points"),
            "summary": (11, "Points"),
        },
        "Points": _POINTS,
        "Sum": _POINTS | {"is_monotonic": (3, "bool")},
        "Number": _TIMES
        | {
            "attributes": (7, "repeated bytes"),
            "as_double": (4, "double"),
            "as_int": (6, "sfixed64"),
            "exemplars": (5, "repeated bytes"),
            "flags": (8, "uint32"),
        },
        "Histogram": _TIMES
        | _SUMS
        | {
            "attributes": (9, "repeated bytes"),
            "bucket_counts": (6, "repeated fixed64"),
            "explicit_bounds": (7, "repeated double"),
            "exemplars": (8, "repeated bytes"),
            "flags": (10, "uint32"),
            "min": (11, "double"),
            "max": (12, "double"),
        },
        "Exponential": _TIMES
        | _SUMS
        | {
            "attributes": (1, "repeated bytes"),
            "scale": (6, "sint32"),
            "zero_count": (7, "fixed64"),
            "positive": (8, "Buckets"),
            "negative": (9, "Buckets"),
            "flags": (10, "uint32"),
            "exemplars": (11, "repeated bytes"),
            "min": (12, "double"),
            "max": (13, "double"),
            "zero_threshold": (14, "double"),
        },
        "Buckets": {"offset": (1, "sint32"), "bucket_counts": (2, "repeated uint64")},
        "Summary": _TIMES
        | _SUMS
        | {
            "attributes": (7, "repeated bytes"),
            "quantile_values": (6, "repeated Quantile"),
            "flags": (8, "uint32"),
        },
        "Quantile": {"quantile": (1, "double"), "value": (2, "double")},
        "KeyValue": {"key": (1, "bytes"), "value": (2, "AnyValue")},
        "AnyValue": {
            "string_value": (1, "bytes"),
            "bool_value": (2, "bool"),
            "int_value": (3, "int64"),
            "double_value": (4, "double"),
            "array_value": (5, "ArrayValue"),
            "kvlist_value": (6, "KeyValueList"),
            "bytes_value": (7, "bytes"),
        },
        "ArrayValue": {"values": (1, "repeated AnyValue")},
        "KeyValueList": {"values": (1, "repeated KeyValue")},
    },
)
_VALUES = tuple(_AnyValue.DESCRIPTOR.fields_by_name)


def read(plain: bytes, samples: PointSamples, limits: BodyLimits) -> None:
    for tag in (0x0A, 0x12):
        refuse_many_fields(plain, tag, limits)
    entries = _Entries(limits)
    for resource_body in entries.count(_parse(_Request, plain).resource_metrics):
        resource = _parse(_ResourceMetrics, resource_body)
        for scope_body in entries.count(resource.scope_metrics):
            scope = _parse(_ScopeMetrics, scope_body)
            resource_attributes, scope_fields = _attributes(resource.resource.attributes), scope.scope
            around = origin(
                resource_attributes,
                scope_fields.name,
                scope_fields.version,
                _attributes(scope_fields.attributes),
            )
            for body in entries.count(scope.metrics):
                _read_metric(_parse(_Metric, body), around, samples, limits)


class _Entries:
    """Counts resources, scopes and metrics, which an empty entry of two bytes makes cheap to send."""

    def __init__(self, limits: BodyLimits) -> None:
        self._most = self._left = limits.max_series

    def count(self, entries: Any) -> Any:
        self._left -= len(entries)
        if self._left < 0:
            raise WriteTooLarge(f"more than {self._most} resources, scopes and metrics")
        return entries


def _parse(message: Any, body: bytes) -> Any:
    try:
        return message.FromString(body)
    except DecodeError as error:
        raise MalformedBody(f"truncated or damaged protobuf in {message.DESCRIPTOR.name}") from error


def _read_metric(sent: Any, around: Origin, samples: PointSamples, limits: BodyLimits) -> None:
    name = sent.name
    if sent.HasField("gauge"):
        _read_numbers(OtlpMetric(around, name), sent.gauge.data_points, samples)
    elif sent.HasField("sum"):
        metric = OtlpMetric(around, name, sent.sum.aggregation_temporality, sent.sum.is_monotonic)
        _read_numbers(metric, sent.sum.data_points, samples)
    elif sent.HasField("histogram"):
        metric = OtlpMetric(around, name, sent.histogram.aggregation_temporality, is_monotonic=True)
        _read_histograms(metric, sent.histogram.data_points, samples, limits)
    elif sent.HasField("exponential_histogram"):
        points = sent.exponential_histogram
        metric = OtlpMetric(around, name, points.aggregation_temporality, is_monotonic=True)
        _read_points(metric, points.data_points, _Exponential, samples, limits)
    elif sent.HasField("summary"):
        _read_points(
            OtlpMetric(around, name, has_start=True), sent.summary.data_points, _Summary, samples, limits
        )
    else:
        samples.refuse_metric(OtlpMetric(around, name), "no points of a type that Muster reads")


def _read_numbers(metric: OtlpMetric, bodies: Any, samples: PointSamples) -> None:
    if not samples.check_metric(metric, len(bodies)):
        return
    find_key, prefix = samples.cache.keys.get, b"number" + metric.digest
    is_cumulative = metric.is_cumulative
    keys: list[bytes] = []
    heads: list[bytes] = []
    for body in bodies:
        head, rest = split_number(body)
        raw = prefix + head[:FIELD_BYTES] + rest if is_cumulative else prefix + rest
        key = find_key(raw) if head else None
        if key is not None:
            keys.append(key)
            heads.append(head)
            continue
        key = _read_number(metric, body, samples)
        if key is not None and head and _holds_only({"attributes"}, _Number, rest):
            samples.cache.put(raw, key)
    if keys:
        rows, values = number_columns(heads)
        samples.add_rows(
            metric, keys, rows["start_ns"], rows["time_ns"], values.reshape(-1, 1), rising_parts=1
        )


def _holds_only(names: set[str], message: Any, rest: bytes) -> bool:
    """Whether a part of a point has no other fields: attributes say the same behind any start, time and value."""
    try:
        fields = message.FromString(rest).ListFields()
    except DecodeError:
        # An attribute that ends like a field was cut.
        return False
    return names.issuperset(field.name for field, _ in fields)


def _read_number(metric: OtlpMetric, body: bytes, samples: PointSamples) -> bytes | None:
    point = _parse(_Number, body)
    value = None
    if point.HasField("as_double"):
        value = point.as_double
    elif point.HasField("as_int"):
        value = float(point.as_int)
    keys = samples.add_point(metric, _facts(point), NumberPoint(value))
    return keys[0] if keys else None


def _read_histograms(metric: OtlpMetric, bodies: Any, samples: PointSamples, limits: BodyLimits) -> None:
    if not samples.check_metric(metric, len(bodies)):
        return
    histograms = _KnownHistograms(metric, samples, limits)
    for body in bodies:
        histograms.read(body)
    histograms.flush()


class _KnownHistograms:
    """Points of one metric that go by as columns, as long as they have one layout."""

    def __init__(self, metric: OtlpMetric, samples: PointSamples, limits: BodyLimits) -> None:
        self._metric, self._samples, self._limits = metric, samples, limits
        self._layout: HistogramLayout | None = None
        self._keys: list[bytes] = []
        self._numbers: list[bytes] = []
        self._bodies: list[bytes] = []

    def read(self, body: bytes) -> None:
        layout = self._layout
        split = layout.split(body) if layout else None
        if layout is None or split is None:
            self.flush()
            self._layout = layout = HistogramLayout.read(body)
            split = layout.split(body) if layout else None
        if layout is None or split is None:
            self._read_slowly(body)
            return
        numbers, rest = split
        start = numbers[:FIELD_BYTES] if self._metric.is_cumulative else b""
        raw = b"".join((b"histogram", self._metric.digest, layout.name, start, rest))
        keys = self._samples.cache.groups.get(raw)
        if keys is not None:
            self._keys.extend(keys)
            self._numbers.append(numbers)
            self._bodies.append(body)
            return
        keys = self._read_slowly(body)
        if len(keys) == layout.parts and _holds_only({"explicit_bounds", "attributes"}, _Histogram, rest):
            self._samples.cache.put_group(raw, keys)

    def flush(self) -> None:
        if self._layout is None or not self._numbers:
            return
        layout, keys, bodies = self._layout, self._keys, self._bodies
        rows, values, is_sound = layout.columns(self._numbers)
        self._keys, self._numbers, self._bodies = [], [], []
        if not is_sound.all():
            # What contradicts itself is read again, to be refused with both sides.
            for place in np.flatnonzero(~is_sound):
                self._read_slowly(bodies[place])
            sound_places = np.flatnonzero(is_sound).tolist()
            keys = [
                key
                for place in sound_places
                for key in keys[place * layout.parts : (place + 1) * layout.parts]
            ]
            rows, values = rows[is_sound], values[is_sound]
        self._samples.add_rows(
            self._metric,
            keys,
            rows["start_ns"],
            rows["time_ns"],
            values,
            rising_parts=layout.rising_parts,
        )

    def _read_slowly(self, body: bytes) -> tuple[bytes, ...]:
        return _read_point(self._metric, body, _Histogram, self._samples, self._limits)


def _read_points(
    metric: OtlpMetric, bodies: Any, message: Any, samples: PointSamples, limits: BodyLimits
) -> None:
    if samples.check_metric(metric, len(bodies)):
        for body in bodies:
            _read_point(metric, body, message, samples, limits)


def _read_point(
    metric: OtlpMetric, body: bytes, message: Any, samples: PointSamples, limits: BodyLimits
) -> tuple[bytes, ...]:
    """The keys of the point's series; none if it is refused."""
    if len(body) > limits.max_series_bytes:
        samples.refuse_large(metric, len(body))
        return ()
    point = _parse(message, body)
    return tuple(samples.add_point(metric, _facts(point), _FIGURES[message](point)))


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


_FIGURES = {_Histogram: _histogram, _Exponential: _exponential, _Summary: _summary}


def _totals(point: Any) -> PointTotals:
    count, *others = (
        getattr(point, name) if point.HasField(name) else None for name in ("count", "sum", "min", "max")
    )
    return PointTotals(count or 0, *others)


def _facts(point: Any) -> PointFacts:
    attributes = point.attributes
    return PointFacts(
        raw=b"".join([encode_field(0x0A, each) for each in attributes]),
        pairs=lambda: label_pairs(_attributes([_parse(_KeyValue, each) for each in attributes])),
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
