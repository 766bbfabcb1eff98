"""Histograms and summaries of OTLP in protobuf, in the usual layout, wait for others to be read together as columns."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

import numpy as np

from telemetry.formats.otlp import messages
from telemetry.formats.otlp.exponential_layout import read_exponentials
from telemetry.formats.otlp.histograms import (
    MOST_QUEUED_BYTES,
    ReadPoint,
    add_grouped,
    add_numbered,
    histogram_columns,
    queued_bytes,
)
from telemetry.formats.otlp.layout import FIELD_BYTES, exemplar_column
from telemetry.formats.otlp.point_layouts import PointLayout
from telemetry.formats.otlp.samples import OtlpMetric, PointSamples

# A count takes a byte at least, and so many until it is a value.
_BYTES_OF_COUNT = 50


@dataclass(slots=True)
class _Batch:
    """Points of one layout, the places of their series, their numbers, and how many exemplars some have."""

    layout: PointLayout
    points: list[tuple[OtlpMetric, bytes]] = field(default_factory=list)
    groups: list[bytes] = field(default_factory=list)
    numbers: list[bytes] = field(default_factory=list)
    exemplars: dict[int, int] = field(default_factory=dict)

    def add(self, metric: OtlpMetric, body: bytes, group: bytes, numbers: bytes) -> None:
        self.points.append((metric, body))
        self.groups.append(group)
        self.numbers.append(numbers)

    def clear(self) -> None:
        self.points, self.groups, self.numbers, self.exemplars = [], [], [], {}


class LayoutQueue:
    """Points of layouts of one class, as messages of another, whose series are known. `read_point` reads one by
    itself."""

    def __init__(
        self, samples: PointSamples, read_point: ReadPoint, layouts: type[PointLayout], message: Any
    ) -> None:
        self._samples, self._read_point = samples, read_point
        self._layouts, self._message = layouts, message
        self._batches: dict[PointLayout, _Batch] = {}
        # That of the point before, whose layout the next one is likely to have.
        self._batch: _Batch | None = None
        self._bytes = 0

    def read(self, metric: OtlpMetric, bodies: Iterable[bytes]) -> None:
        groups, is_cumulative = self._samples.series.groups, metric.is_cumulative
        batch, prefix, head_bytes, tail_bytes = None, b"", 0, 0
        for body in bodies:
            if self._batch is not None and batch is not self._batch:
                batch = self._batch
                layout = batch.layout
                prefix = metric.digest + layout.name
                head_bytes, tail_bytes = layout.head_bytes, layout.tail_bytes
            end = len(body) - tail_bytes
            start = body[:FIELD_BYTES] if is_cumulative else b""
            group = groups.get(b"".join((prefix, start, body[head_bytes:end])))
            if batch is None or group is None or end < head_bytes:
                self._read_careful(metric, body)
                continue
            batch.add(metric, body, group, body[:head_bytes] + body[end:])
            self._count(body, layout)

    def _read_careful(self, metric: OtlpMetric, body: bytes) -> None:
        layout = self._layouts.read(body)
        if layout is None:
            self._read_point(metric, body)
            return
        self._batch = batch = self._batches.setdefault(layout, _Batch(layout))
        numbers, rest = layout.split(body)
        rest, exemplars = layout.cut_exemplars(rest)
        start = numbers[:FIELD_BYTES] if metric.is_cumulative else b""
        name = b"".join((metric.digest, layout.name, start, rest))
        group = self._samples.series.groups.get(name)
        if group is None:
            keys = self._read_point(metric, body)
            if len(keys) == layout.parts and messages.holds_only(layout.naming_fields, self._message, rest):
                self._samples.cache.put_group(name, keys)
            return
        if exemplars:
            batch.exemplars[len(batch.points)] = exemplars
        batch.add(metric, body, group, numbers)
        self._count(body, layout)

    def _count(self, body: bytes, layout: PointLayout) -> None:
        self._bytes += queued_bytes(len(body), layout.parts)
        if self._bytes > MOST_QUEUED_BYTES:
            self.flush()

    def flush(self) -> None:
        for batch in self._batches.values():
            if batch.points:
                columns = batch.layout.columns(
                    batch.numbers, exemplar_column(len(batch.points), batch.exemplars)
                )
                add_grouped(self._samples, batch.points, batch.groups, columns, self._read_point)
                batch.clear()
        self._bytes = 0


class ExponentialQueue:
    """Exponential histograms of positive values. `read_point` reads one by itself."""

    def __init__(self, samples: PointSamples, read_point: ReadPoint) -> None:
        self._samples, self._read_point = samples, read_point
        self._points: list[tuple[OtlpMetric, bytes]] = []
        self._bytes = 0

    def read(self, metric: OtlpMetric, bodies: Iterable[bytes]) -> None:
        for body in bodies:
            self._points.append((metric, body))
            self._bytes += len(body)
            if self._bytes > MOST_QUEUED_BYTES // _BYTES_OF_COUNT:
                self.flush()

    def flush(self) -> None:
        points, self._points, self._bytes = self._points, [], 0
        if not points:
            return
        is_usual, columns_of_usual = read_exponentials([body for _, body in points])
        for place in np.flatnonzero(~is_usual).tolist():
            self._read_point(*points[place])
        if columns_of_usual is None:
            return
        usual_points = list(compress(points, is_usual.tolist()))
        names = [
            metric.digest + (body[end : end + FIELD_BYTES] if metric.is_cumulative else b"") + body[:end]
            for (metric, body), end in zip(usual_points, columns_of_usual.attribute_ends, strict=True)
        ]
        numbers, columns = histogram_columns(columns_of_usual.totals, columns_of_usual.buckets)
        add_numbered(self._samples, usual_points, names, numbers, columns, self._read_point)
