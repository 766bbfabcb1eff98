"""Histograms of OTLP in protobuf, in the usual layout, wait for others to be read together as columns."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from telemetry.formats.otlp import messages
from telemetry.formats.otlp.exponential_layout import (
    ExponentialNumbers,
    columns_of_numbers,
    split_exponential,
)
from telemetry.formats.otlp.histograms import (
    MOST_QUEUED_BYTES,
    ReadPoint,
    add_grouped,
    add_numbered,
    exponential_buckets,
    histogram_columns,
    queued_bytes,
)
from telemetry.formats.otlp.layout import FIELD_BYTES, HistogramLayout
from telemetry.formats.otlp.samples import OtlpMetric, PointSamples


@dataclass(slots=True)
class _Batch:
    """Points of one layout, the keys of their series, their numbers, and how many exemplars each has."""

    layout: HistogramLayout
    points: list[tuple[OtlpMetric, bytes]] = field(default_factory=list)
    groups: list[tuple[bytes, ...]] = field(default_factory=list)
    numbers: list[bytes] = field(default_factory=list)
    exemplars: list[int] = field(default_factory=list)


class HistogramQueue:
    """Histograms with bounds, whose series are known. `read_point` reads one by itself."""

    def __init__(self, samples: PointSamples, read_point: ReadPoint) -> None:
        self._samples, self._read_point = samples, read_point
        self._batches: dict[HistogramLayout, _Batch] = {}
        # That of the point before, whose layout the next one is likely to have.
        self._batch: _Batch | None = None
        self._bytes = 0

    def read(self, metric: OtlpMetric, bodies: Iterable[bytes]) -> None:
        for body in bodies:
            split = self._batch.layout.split(body) if self._batch else None
            if split is None:
                self._batch = self._batch_of(body)
                split = self._batch.layout.split(body) if self._batch else None
            if self._batch is None or split is None:
                self._read_point(metric, body)
            else:
                self._read_usual(metric, body, self._batch, *split)

    def _batch_of(self, body: bytes) -> _Batch | None:
        layout = HistogramLayout.read(body)
        return self._batches.setdefault(layout, _Batch(layout)) if layout else None

    def _read_usual(
        self, metric: OtlpMetric, body: bytes, batch: _Batch, numbers: bytes, rest: bytes
    ) -> None:
        layout = batch.layout
        groups, exemplars = self._samples.cache.groups, 0
        start = numbers[:FIELD_BYTES] if metric.is_cumulative else b""
        prefix = b"".join((b"histogram", metric.digest, layout.name, start))
        keys = groups.get(prefix + rest)
        if keys is None:
            # Exemplars are never known.
            rest, exemplars = layout.cut_exemplars(rest)
            keys = groups.get(prefix + rest) if exemplars else None
        if keys is None:
            keys = tuple(self._read_point(metric, body))
            fields = {"explicit_bounds", "attributes"}
            if len(keys) == layout.parts and messages.holds_only(fields, messages.Histogram, rest):
                self._samples.cache.put_group(prefix + rest, keys)
            return
        batch.points.append((metric, body))
        batch.groups.append(keys)
        batch.numbers.append(numbers)
        batch.exemplars.append(exemplars)
        self._bytes += queued_bytes(len(body), layout.buckets)
        if self._bytes > MOST_QUEUED_BYTES:
            self.flush()

    def flush(self) -> None:
        for batch in self._batches.values():
            if batch.points:
                columns = batch.layout.columns(batch.numbers, batch.exemplars)
                add_grouped(self._samples, batch.points, batch.groups, columns, self._read_point)
        self._batches, self._batch, self._bytes = {}, None, 0


class ExponentialQueue:
    """Exponential histograms of positive values. `read_point` reads one by itself."""

    def __init__(self, samples: PointSamples, read_point: ReadPoint) -> None:
        self._samples, self._read_point = samples, read_point
        self._points: list[tuple[OtlpMetric, bytes]] = []
        self._names: list[bytes] = []
        self._numbers: list[ExponentialNumbers] = []
        self._bytes = 0

    def read(self, metric: OtlpMetric, bodies: Iterable[bytes]) -> None:
        prefix = b"exponential" + metric.digest
        for body in bodies:
            split = split_exponential(body)
            if split is None:
                self._read_point(metric, body)
                continue
            attributes, numbers = split
            start = numbers.totals[:FIELD_BYTES] if metric.is_cumulative else b""
            self._points.append((metric, body))
            self._names.append(b"".join((prefix, start, attributes)))
            self._numbers.append(numbers)
            self._bytes += queued_bytes(len(body), len(numbers.counts))
            if self._bytes > MOST_QUEUED_BYTES:
                self.flush()

    def flush(self) -> None:
        if not self._points:
            return
        totals, counts = columns_of_numbers(self._numbers)
        numbers, columns = histogram_columns(totals, exponential_buckets(counts))
        add_numbered(self._samples, self._points, self._names, numbers, columns, self._read_point)
        self._points, self._names, self._numbers, self._bytes = [], [], [], 0
