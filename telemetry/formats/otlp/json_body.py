"""OTLP metrics in JSON: names in lowerCamelCase, enums as integers, 64-bit integers as numbers or text.

Fields of later versions are skipped; a name with an underscore is refused, because it is a field in another spelling.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from telemetry.formats.contract import BodyLimits, MalformedBody, WriteTooLarge
from telemetry.formats.otlp.json_histograms import (
    TOO_DEEP,
    JsonExponentialQueue,
    JsonHistogramQueue,
    JsonSummaryQueue,
    count_exemplars,
    json_text,
)
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
from telemetry.formats.otlp.samples import OtlpMetric, PointColumns, PointFacts, PointSamples

# A text takes up to four times its bytes once read, an object some 300 bytes, an element of a list some 40.
_MOST_BYTES = 16 * 1024 * 1024
_MOST_OBJECTS = 400_000
_MOST_ELEMENTS = 4_000_000
# Protobuf's parsers stop after about as many lists in lists.
_MOST_DEPTH = 64
_METRICS = "body.resourceMetrics.scopeMetrics.metrics"
_KINDS = ("gauge", "sum", "histogram", "exponentialHistogram", "summary")
_PLAIN_FIELDS = {"attributes", "startTimeUnixNano", "timeUnixNano", "asDouble", "asInt", "exemplars"}
_INT64, _UINT64 = range(-(2**63), 2**63), range(2**64)
_INT32 = range(-(2**31), 2**31)
_DIGITS = re.compile(r"-?\d{1,20}", re.ASCII)
# Integers that 64 bits hold, whichever digits they have.
_WHOLE, _INSTANT = re.compile(r"-?\d{1,18}", re.ASCII), re.compile(r"\d{1,19}", re.ASCII)
_DECIMAL = re.compile(r"-?(?:\d++(?:\.\d*+)?+|\.\d++)(?:[eE][+-]?\d++)?|-?Infinity|NaN", re.ASCII)


def read(plain: bytes, samples: PointSamples, limits: BodyLimits) -> None:
    if len(plain) > _MOST_BYTES:
        raise WriteTooLarge(f"more than {_MOST_BYTES} bytes of JSON: send protobuf, or less at once")
    octets = np.frombuffer(plain, np.uint8)
    objects, lists, commas = (np.count_nonzero(octets == ord(mark)) for mark in "{[,")
    if objects + lists > _MOST_OBJECTS or commas > _MOST_ELEMENTS:
        raise WriteTooLarge(f"more than {_MOST_OBJECTS} objects and lists, or {_MOST_ELEMENTS} elements")
    try:
        request = _Object(orjson.loads(plain), "body")
    except orjson.JSONDecodeError as error:
        raise MalformedBody(f"no JSON: line {error.lineno}, column {error.colno}") from error
    if request.fields and "resourceMetrics" not in request.fields:
        raise MalformedBody("no resourceMetrics")
    points = _JsonPoints(samples)
    for resource in request.objects("resourceMetrics"):
        resource_attributes = _attributes(resource.object("resource"))
        for scope in resource.objects("scopeMetrics"):
            scope_fields = scope.object("scope")
            around = origin(
                resource_attributes,
                scope_fields.text("name"),
                scope_fields.text("version"),
                _attributes(scope_fields),
            )
            for metric in scope.objects("metrics"):
                points.read_metric(metric, around)
    points.flush()


@dataclass(frozen=True, slots=True)
class _Object:
    """An object of the body, whose fields are read by type. A field that is absent or null has its default."""

    fields: Any
    path: str

    def __post_init__(self) -> None:
        if not isinstance(self.fields, dict):
            raise MalformedBody(f"{self.path} is no object")
        for name in self.fields:
            if "_" in name:
                raise MalformedBody(f"{self.path}.{name}: names are in lowerCamelCase")

    def elements(self, name: str) -> list[Any]:
        value = self.fields.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise MalformedBody(f"{self.path}.{name} is no list")
        return value

    def objects(self, name: str) -> list["_Object"]:
        return [_Object(value, f"{self.path}.{name}") for value in self.elements(name)]

    def object(self, name: str) -> "_Object":
        value = self.fields.get(name)
        return _Object({} if value is None else value, f"{self.path}.{name}")

    def has(self, name: str) -> bool:
        return self.fields.get(name) is not None

    def text(self, name: str) -> bytes:
        value = self.fields.get(name)
        if value is None:
            return b""
        if not isinstance(value, str):
            raise MalformedBody(f"{self.path}.{name} is no text")
        return value.encode()

    def flag(self, name: str) -> bool:
        value = self.fields.get(name)
        if not isinstance(value, bool | None):
            raise MalformedBody(f"{self.path}.{name} is neither true nor false")
        return bool(value)

    def integer(self, name: str, within: range = _UINT64) -> int:
        value = self.fields.get(name)
        return 0 if value is None else _integer(value, within, f"{self.path}.{name}")

    def number(self, name: str) -> float | None:
        value = self.fields.get(name)
        return None if value is None else _number(value, f"{self.path}.{name}")

    def integers(self, name: str) -> list[int]:
        path = f"{self.path}.{name}"
        return [_integer(value, _UINT64, path) for value in self.elements(name)]

    def numbers(self, name: str) -> list[float]:
        path = f"{self.path}.{name}"
        return [_number(value, path) for value in self.elements(name)]

    def enum(self, name: str) -> int:
        value = self.fields.get(name)
        if not isinstance(value, int | None) or isinstance(value, bool):
            raise MalformedBody(f"{self.path}.{name}: an enum is an integer")
        return value or 0


def _integer(value: Any, within: range, path: str) -> int:
    match value:
        case str():
            is_whole = _DIGITS.fullmatch(value) is not None
        case float():
            is_whole = value.is_integer()
        case _:
            is_whole = isinstance(value, int) and not isinstance(value, bool)
    number = int(value) if is_whole else None
    if number is None or number not in within:
        raise MalformedBody(f"{path} is no integer from {within[0]} to {within[-1]}")
    return number


def _number(value: Any, path: str) -> float:
    """A number, also as text, and what protobuf's JSON calls NaN and Infinity."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number and not (isinstance(value, str) and _DECIMAL.fullmatch(value)):
        raise MalformedBody(f"{path} is no number")
    return float(value)


class _JsonPoints:
    """The points of a body. Histograms wait until many are read together."""

    def __init__(self, samples: PointSamples) -> None:
        self._samples = samples
        self._histograms = JsonHistogramQueue(samples, self._read_histogram)
        self._exponentials = JsonExponentialQueue(samples, self._read_exponential)
        self._summaries = JsonSummaryQueue(samples, self._read_summary)

    def read_metric(self, sent: _Object, around: Origin) -> None:
        name = sent.text("name")
        kind = next((kind for kind in _KINDS if sent.has(kind)), None)
        if kind is None:
            self._samples.refuse_metric(OtlpMetric(around, name), "no points of a type that Muster reads")
            return
        data = sent.object(kind)
        if kind == "gauge":
            metric = OtlpMetric(around, name)
        elif kind == "summary":
            metric = OtlpMetric(around, name, has_start=True)
        else:
            is_monotonic = kind != "sum" or data.flag("isMonotonic")
            metric = OtlpMetric(around, name, data.enum("aggregationTemporality"), is_monotonic)
        points = data.elements("dataPoints")
        if not self._samples.check_metric(metric, len(points)):
            return
        match kind:
            case "gauge" | "sum":
                self._read_numbers(metric, points, kind)
            case "histogram":
                self._histograms.read(metric, points)
            case "exponentialHistogram":
                self._exponentials.read(metric, points)
            case "summary":
                self._summaries.read(metric, points)

    def flush(self) -> None:
        self._histograms.flush()
        self._exponentials.flush()
        self._summaries.flush()

    def _read_numbers(self, metric: OtlpMetric, points: list[Any], kind: str) -> None:
        """Numbers whose attributes are known go by as columns, as in protobuf: only start, time and value are read."""
        find_place, prefix = self._samples.series.singles.get, b"number in JSON" + metric.digest
        is_cumulative = metric.is_cumulative
        places: list[int] = []
        numbers: list[tuple[int, int, float, int]] = []
        for fields in points:
            number = _plain_number(fields)
            if number is not None:
                start = b"%d " % number[0] if is_cumulative else b""
                raw = b"".join((prefix, start, json_text(fields.get("attributes"))))
                place = find_place(raw)
                if place is not None:
                    places.append(place)
                    numbers.append(number)
                    continue
            point_keys = self._read_point(metric, fields, kind, _number_point)
            if point_keys and number is not None:
                self._samples.cache.put_single(raw, point_keys[0])
        if places:
            starts, times, values, exemplars = zip(*numbers, strict=True)
            columns = PointColumns.alike(
                np.array(starts, np.uint64),
                np.array(times, np.uint64),
                np.array(values, np.float64)[:, np.newaxis],
                rising_parts=1,
                is_sound=np.ones(len(places), np.bool_),
                exemplars=np.array(exemplars, np.int64),
            )
            self._samples.add_columns([metric] * len(places), np.array(places, np.int32), columns)

    def _read_histogram(self, metric: OtlpMetric, fields: Any) -> list[bytes]:
        return self._read_point(metric, fields, "histogram", _histogram)

    def _read_exponential(self, metric: OtlpMetric, fields: Any) -> list[bytes]:
        return self._read_point(metric, fields, "exponentialHistogram", _exponential)

    def _read_summary(self, metric: OtlpMetric, fields: Any) -> list[bytes]:
        return self._read_point(metric, fields, "summary", _summary)

    def _read_point(
        self, metric: OtlpMetric, fields: Any, kind: str, read_figures: Callable[[_Object], Figures]
    ) -> list[bytes]:
        """The keys of the point's series; none if it is refused."""
        point = _Object(fields, f"{_METRICS}.{kind}.dataPoints")
        return self._samples.add_point(metric, _facts(point), read_figures(point))


def _plain_number(fields: Any) -> tuple[int, int, float, int] | None:
    """Start and time in ns, the value and the number of exemplars of a point that has nothing else beside its
    attributes, written as the SDKs and the Collector do: times and integers as digits."""
    if not isinstance(fields, dict) or not fields.keys() <= _PLAIN_FIELDS:
        return None
    value = fields.get("asDouble")
    if value is None:
        value = fields.get("asInt")
        if isinstance(value, str) and _WHOLE.fullmatch(value):
            value = int(value)
        if not isinstance(value, int) or value not in _INT64:
            return None
    start, time = fields.get("startTimeUnixNano", "0"), fields.get("timeUnixNano")
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    if not isinstance(start, str) or not isinstance(time, str):
        return None
    if not _INSTANT.fullmatch(start) or not _INSTANT.fullmatch(time):
        return None
    exemplars = count_exemplars(fields.get("exemplars"))
    return None if exemplars is None else (int(start), int(time), float(value), exemplars)


def _number_point(point: _Object) -> Figures:
    value = point.number("asDouble")
    if value is None and point.has("asInt"):
        value = float(point.integer("asInt", _INT64))
    return NumberPoint(value)


def _histogram(point: _Object) -> Figures:
    return HistogramPoint(_totals(point), point.integers("bucketCounts"), point.numbers("explicitBounds"))


def _exponential(point: _Object) -> Figures:
    positive, negative = (
        Buckets(buckets.integer("offset", _INT32), buckets.integers("bucketCounts"))
        for buckets in (point.object("positive"), point.object("negative"))
    )
    return ExponentialPoint(
        _totals(point),
        point.integer("scale", _INT32),
        point.integer("zeroCount"),
        point.number("zeroThreshold") or 0.0,
        positive,
        negative,
    )


def _summary(point: _Object) -> Figures:
    quantiles = [
        (each.number("quantile") or 0.0, each.number("value") or 0.0)
        for each in point.objects("quantileValues")
    ]
    return SummaryPoint(PointTotals(point.integer("count"), point.number("sum") or 0.0), quantiles)


def _totals(point: _Object) -> PointTotals:
    return PointTotals(point.integer("count"), point.number("sum"), point.number("min"), point.number("max"))


def _facts(point: _Object) -> PointFacts:
    return PointFacts(
        raw=json_text(point.fields.get("attributes")),
        pairs=lambda: label_pairs(_attributes(point)),
        start_ns=point.integer("startTimeUnixNano"),
        time_ns=point.integer("timeUnixNano"),
        flags=point.integer("flags"),
        exemplars=len(point.objects("exemplars")),
    )


def _attributes(owner: _Object) -> Attributes:
    return [(each.text("key"), _value(each.object("value"))) for each in owner.objects("attributes")]


def _value(value: _Object, depth: int = 0) -> PlainValue:
    if depth > _MOST_DEPTH:
        raise MalformedBody(TOO_DEEP)
    for name, read_value in _VALUES.items():
        if value.has(name):
            return read_value(value, depth + 1)
    return None


def _pairs(value: _Object, depth: int) -> dict[str, PlainValue]:
    pairs = value.object("kvlistValue").objects("values")
    return {each.text("key").decode(): _value(each.object("value"), depth) for each in pairs}


_VALUES: dict[str, Callable[[_Object, int], PlainValue]] = {
    "stringValue": lambda value, _: value.text("stringValue").decode(),
    "boolValue": lambda value, _: value.flag("boolValue"),
    "intValue": lambda value, _: value.integer("intValue", _INT64),
    "doubleValue": lambda value, _: value.number("doubleValue"),
    "arrayValue": lambda value, depth: [
        _value(each, depth) for each in value.object("arrayValue").objects("values")
    ],
    "kvlistValue": _pairs,
    "bytesValue": lambda value, _: value.text("bytesValue").decode(),
}
