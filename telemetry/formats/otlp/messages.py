"""The messages of OTLP metrics in protobuf, by the fields that Muster reads."""

from typing import Any

from google.protobuf.message import DecodeError

from telemetry.formats.contract import MalformedBody
from telemetry.formats.protobuf import message_classes

_TIMES = {"start_time_unix_nano": (2, "fixed64"), "time_unix_nano": (3, "fixed64")}
_SUMS = {"count": (4, "fixed64"), "sum": (5, "double")}
_POINTS = {"data_points": (1, "repeated bytes"), "aggregation_temporality": (2, "int32")}
(
    Request,
    ResourceMetrics,
    Resource,
    ScopeMetrics,
    Scope,
    Metric,
    Points,
    Sum,
    Number,
    Histogram,
    Exponential,
    Buckets,
    Summary,
    Quantile,
    KeyValue,
    AnyValue,
    ArrayValue,
    KeyValueList,
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


def parse(message: Any, body: bytes) -> Any:
    try:
        return message.FromString(body)
    except DecodeError as error:
        raise MalformedBody(f"truncated or damaged protobuf in {message.DESCRIPTOR.name}") from error


def holds_only(names: set[str], message: Any, rest: bytes) -> bool:
    """Whether a part of a point has no other fields: attributes say the same behind any start, time and value."""
    try:
        fields = message.FromString(rest).ListFields()
    except DecodeError:
        # An attribute that ends like a field was cut.
        return False
    return names.issuperset(field.name for field, _ in fields)
