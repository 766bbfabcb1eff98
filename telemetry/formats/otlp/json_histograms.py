"""Histograms and summaries of OTLP in JSON, written as senders usually do, wait for others to be read together as
columns.

Senders write integers of 64 bits as digits in text, or as numbers. A point with other fields, or with a number that is
written otherwise, is read by itself.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import orjson

from telemetry.formats.contract import MalformedBody
from telemetry.formats.otlp.histograms import (
    MOST_QUEUED_BYTES,
    ExponentialCounts,
    HistogramTotals,
    ReadPoint,
    Whole,
    add_grouped,
    add_numbered,
    are_countable,
    explicit_buckets,
    exponential_buckets,
    histogram_columns,
    queued_bytes,
    summary_columns,
)
from telemetry.formats.otlp.points import SCALES
from telemetry.formats.otlp.samples import OtlpMetric, PointSamples

_TOTALS = {"attributes", "startTimeUnixNano", "timeUnixNano", "count", "sum", "min", "max", "exemplars"}
_HISTOGRAM = _TOTALS | {"bucketCounts", "explicitBounds"}
_EXPONENTIAL = _TOTALS | {"scale", "zeroCount", "positive", "negative"}
_BUCKETS = {"offset", "bucketCounts"}
_SUMMARY = {"attributes", "startTimeUnixNano", "timeUnixNano", "count", "sum", "quantileValues"}
_QUANTILE = {"quantile", "value"}
# Of values below zero, when there are none.
_EMPTY_BUCKETS = {
    b"null",
    b"{}",
    b'{"offset":0}',
    b'{"bucketCounts":[]}',
    b'{"bucketCounts":["0"]}',
    b'{"offset":0,"bucketCounts":[]}',
    b'{"offset":0,"bucketCounts":[0]}',
}
_NUMBERS = {int, float}
TOO_DEEP = "lists or objects in an attribute that are nested too deep"
_INT32 = range(-(2**31), 2**31)


def json_text(value: Any) -> bytes:
    """The text of a part of the body, by which it is known again."""
    try:
        return orjson.dumps(value)
    except TypeError as error:
        raise MalformedBody(TOO_DEEP) from error


class _Figures(NamedTuple):
    """The numbers of a point that are no counts; extremes that were not sent are 0."""

    start_ns: str
    time_ns: str
    count: Any
    sum: float
    min: float
    max: float
    has_extremes: bool
    exemplars: int

    @classmethod
    def read(cls, fields: dict[str, Any]) -> "_Figures | None":
        start_ns: Any = fields.get("startTimeUnixNano", "0")
        time_ns: Any = fields.get("timeUnixNano")
        least, greatest = fields.get("min"), fields.get("max")
        has_extremes = least is not None or greatest is not None
        doubles: tuple[Any, Any, Any] = (fields.get("sum"), least, greatest)
        if not has_extremes:
            doubles = (fields.get("sum"), 0, 0)
        exemplars = count_exemplars(fields.get("exemplars"))
        is_usual = type(start_ns) is str and type(time_ns) is str and _NUMBERS.issuperset(map(type, doubles))
        if exemplars is None or not is_usual:
            return None
        return cls(start_ns, time_ns, fields.get("count", "0"), *doubles, has_extremes, exemplars)


def count_exemplars(sent: Any) -> int | None:
    """None where they are no objects, or have names in another spelling."""
    if sent is None:
        return 0
    is_usual = type(sent) is list and all(type(each) is dict and "_" not in "".join(each) for each in sent)
    return len(sent) if is_usual else None


@dataclass(slots=True)
class _Numbers:
    """The numbers of points that wait, as they were sent."""

    figures: list[_Figures] = field(default_factory=list)
    counts: list[Any] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def add(self, figures: _Figures, counts: list[Any]) -> None:
        self.figures.append(figures)
        self.counts.extend(counts)
        self.sizes.append(len(counts))

    def totals(self) -> HistogramTotals | None:
        starts, times, counts, sums, least, greatest, has_extremes, exemplars = zip(
            *self.figures, strict=True
        )
        instants, wholes = whole_numbers(starts + times), whole_numbers(counts)
        if instants is None or wholes is None:
            return None
        start_ns, time_ns = instants.astype(np.uint64).reshape(2, -1)
        sum_of_each, min_of_each, max_of_each = np.array((sums, least, greatest), np.float64)
        return HistogramTotals(
            start_ns,
            time_ns,
            wholes,
            sum_of_each,
            min_of_each,
            max_of_each,
            np.array(has_extremes),
            np.array(exemplars, np.int64),
        )


def whole_numbers(sent: tuple[Any, ...] | list[Any]) -> Whole | None:
    """Integers from 0 to 2^63 - 1, in digits or as numbers; None if there is anything else among them."""
    kinds = set(map(type, sent))
    if not kinds <= {int, str}:
        return None
    numbers = sent
    if str in kinds:
        text = ",".join(map(str, sent) if int in kinds else sent)
        if not text.isascii() or not text.replace(",", "").isdigit():
            return None
        try:
            numbers = orjson.loads(f"[{text}]")
        except orjson.JSONDecodeError:
            return None
    wholes = np.array(numbers)
    is_whole = wholes.dtype == np.int64 and len(wholes) == len(sent) and wholes.min() >= 0
    return wholes if is_whole else None


class JsonHistogramQueue:
    """Histograms with bounds, whose series are known. `read_point` reads one by itself."""

    def __init__(self, samples: PointSamples, read_point: ReadPoint) -> None:
        self._samples, self._read_point = samples, read_point
        self._points: list[tuple[OtlpMetric, Any]] = []
        self._groups: list[bytes] = []
        self._numbers = _Numbers()
        self._bytes = 0

    def read(self, metric: OtlpMetric, points: list[Any]) -> None:
        for point in points:
            counts = point.get("bucketCounts") if isinstance(point, dict) else None
            figures = None
            if isinstance(counts, list) and counts and point.keys() <= _HISTOGRAM:
                figures = _Figures.read(point)
            if counts is None or figures is None:
                self._read_point(metric, point)
            else:
                self._read_usual(metric, point, counts, figures)

    def _read_usual(
        self, metric: OtlpMetric, point: dict[str, Any], counts: list[Any], figures: _Figures
    ) -> None:
        shape = b"histogram in JSON %d %d " % (len(counts), figures.has_extremes)
        start = figures.start_ns.encode() + b" " if metric.is_cumulative else b""
        around = json_text((point.get("attributes"), point.get("explicitBounds")))
        raw = b"".join((shape, metric.digest, start, around))
        group = self._samples.series.groups.get(raw)
        if group is None:
            keys = self._read_point(metric, point)
            if len(keys) == len(counts) + (4 if figures.has_extremes else 2):
                self._samples.cache.put_group(raw, keys)
            return
        self._points.append((metric, point))
        self._groups.append(group)
        self._numbers.add(figures, counts)
        self._bytes += queued_bytes(len(raw), len(counts))
        if self._bytes > MOST_QUEUED_BYTES:
            self.flush()

    def flush(self) -> None:
        points, groups, sent = self._points, self._groups, self._numbers
        self._points, self._groups, self._numbers, self._bytes = [], [], _Numbers(), 0
        if not points:
            return
        totals, counts = sent.totals(), whole_numbers(sent.counts)
        if totals is None or counts is None:
            for metric, point in points:
                self._read_point(metric, point)
            return
        _, columns = histogram_columns(totals, explicit_buckets(counts, np.array(sent.sizes)))
        add_grouped(self._samples, points, groups, columns, self._read_point)


class JsonExponentialQueue:
    """Exponential histograms of positive values. `read_point` reads one by itself."""

    def __init__(self, samples: PointSamples, read_point: ReadPoint) -> None:
        self._samples, self._read_point = samples, read_point
        self._points: list[tuple[OtlpMetric, Any]] = []
        self._names: list[bytes] = []
        self._numbers = _Numbers()
        self._others: list[tuple[int, int, Any]] = []
        self._bytes = 0

    def read(self, metric: OtlpMetric, points: list[Any]) -> None:
        for point in points:
            is_usual = isinstance(point, dict) and point.keys() <= _EXPONENTIAL
            others = _scale_offset_and_zero(point) if is_usual else None
            figures = _Figures.read(point) if others else None
            if figures is None or others is None:
                self._read_point(metric, point)
                continue
            start = figures.start_ns.encode() + b" " if metric.is_cumulative else b""
            attributes = json_text(point.get("attributes"))
            self._points.append((metric, point))
            name = b"".join((b"exponential in JSON ", metric.digest, start, attributes))
            self._names.append(name)
            counts = point["positive"]["bucketCounts"]
            self._numbers.add(figures, counts)
            self._others.append(others)
            self._bytes += queued_bytes(len(name), len(counts))
            if self._bytes > MOST_QUEUED_BYTES:
                self.flush()

    def flush(self) -> None:
        points, names, sent, others = self._points, self._names, self._numbers, self._others
        self._points, self._names, self._numbers, self._others = [], [], _Numbers(), []
        self._bytes = 0
        if not points:
            return
        scales, offsets, zeros = zip(*others, strict=True)
        totals, counts, zero_counts = sent.totals(), whole_numbers(sent.counts), whole_numbers(zeros)
        if totals is None or counts is None or zero_counts is None:
            for metric, point in points:
                self._read_point(metric, point)
            return
        sizes = np.array(sent.sizes)
        columns_of_counts = ExponentialCounts(
            np.array(scales),
            np.array(offsets),
            zero_counts,
            np.cumsum(counts),
            sizes,
            are_countable(counts, np.cumsum(sizes) - sizes),
        )
        numbers, columns = histogram_columns(totals, exponential_buckets(columns_of_counts))
        add_numbered(self._samples, points, names, numbers, columns, self._read_point)


def _scale_offset_and_zero(point: dict[str, Any]) -> tuple[int, int, Any] | None:
    """None where they are written in another way, or where values below zero are counted."""
    buckets, scale = point.get("positive"), point.get("scale", 0)
    if not isinstance(buckets, dict) or not buckets.keys() <= _BUCKETS or type(scale) is not int:
        return None
    offset, counts = buckets.get("offset", 0), buckets.get("bucketCounts")
    is_usual = counts and isinstance(counts, list) and type(offset) is int and offset in _INT32
    if not is_usual or scale not in SCALES or json_text(point.get("negative")) not in _EMPTY_BUCKETS:
        return None
    return scale, offset, point.get("zeroCount", "0")


class JsonSummaryQueue:
    """Summaries whose series are known. `read_point` reads one by itself."""

    def __init__(self, samples: PointSamples, read_point: ReadPoint) -> None:
        self._samples, self._read_point = samples, read_point
        self._points: list[tuple[OtlpMetric, Any]] = []
        self._groups: list[bytes] = []
        self._numbers = _Numbers()
        self._bytes = 0

    def read(self, metric: OtlpMetric, points: list[Any]) -> None:
        for point in points:
            is_usual = isinstance(point, dict) and point.keys() <= _SUMMARY
            quantiles = _quantiles_and_values(point.get("quantileValues")) if is_usual else None
            figures = _Figures.read(point) if quantiles else None
            if quantiles is None or figures is None:
                self._read_point(metric, point)
                continue
            names, values = quantiles
            start = figures.start_ns.encode() + b" " if metric.is_cumulative else b""
            around = json_text((point.get("attributes"), names))
            raw = b"".join((b"summary in JSON ", metric.digest, start, around))
            group = self._samples.series.groups.get(raw)
            if group is None:
                keys = self._read_point(metric, point)
                if len(keys) == len(values) + 2:
                    self._samples.cache.put_group(raw, keys)
                continue
            self._points.append((metric, point))
            self._groups.append(group)
            self._numbers.add(figures, values)
            self._bytes += queued_bytes(len(raw), len(values))
            if self._bytes > MOST_QUEUED_BYTES:
                self.flush()

    def flush(self) -> None:
        points, groups, sent = self._points, self._groups, self._numbers
        self._points, self._groups, self._numbers, self._bytes = [], [], _Numbers(), 0
        if not points:
            return
        totals = sent.totals()
        if totals is None:
            for metric, point in points:
                self._read_point(metric, point)
            return
        columns = summary_columns(totals, np.array(sent.counts, np.float64), np.array(sent.sizes))
        add_grouped(self._samples, points, groups, columns, self._read_point)


def _quantiles_and_values(sent: Any) -> tuple[list[Any], list[Any]] | None:
    """None where they are written in another way. What is 0 is left out."""
    if not isinstance(sent, list) or not all(
        type(each) is dict and each.keys() <= _QUANTILE for each in sent
    ):
        return None
    quantiles = [each.get("quantile", 0.0) for each in sent]
    values = [each.get("value", 0.0) for each in sent]
    are_numbers = _NUMBERS.issuperset(map(type, quantiles)) and _NUMBERS.issuperset(map(type, values))
    return (quantiles, values) if are_numbers else None
