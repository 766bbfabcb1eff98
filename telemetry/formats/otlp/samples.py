"""The outcome of OTLP points: samples of series, or refusals that name the metric.

A delta is an increase since its start. It becomes a counter that is zero a millisecond after its start and has the
increase at its time: a counter that falls to zero has been reset, so that increases add up, whichever process takes
them and however often they come. A sum that goes up and down has no such form, and its deltas are refused by name.

A cumulative sum whose start has moved on was reset, even where its value did not fall. Its series gets a zero at the
new start, if an earlier start is known in this process.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import blake2b
from operator import attrgetter
from struct import Struct, unpack
from typing import Self

import numpy as np
from numpy.typing import NDArray

from telemetry.core.columns import STALE_BITS, Rejections, SampleColumns, TakenTimes, assemble
from telemetry.core.known_series import Places
from telemetry.core.labels import (
    NAME,
    BadSeries,
    KeyCache,
    RefusalReason,
    canonical_key,
    describe,
)
from telemetry.formats.contract import BodyLimits, WriteTooLarge
from telemetry.formats.otlp.naming import Origin, Pairs, join_labels
from telemetry.formats.otlp.points import BadPoint, Figures, NumberPoint, SeriesPart

_NAME = NAME.encode()
_START = Struct("<Q")
# A bit of `flags`: the point stands for an absent value (metrics.proto, DataPointFlags).
_NO_RECORDED_VALUE = 1
(_STALE,) = unpack("<d", STALE_BITS.to_bytes(8, "little"))
_NS_IN_MS = 1_000_000
_IS_DELTA = attrgetter("is_delta")
_STARTS_LATE = "a delta that starts after its time"
# Of a start that is longer ago, all processes have heard.
_RESET_WITHIN_MS = 600_000


class Temporality(IntEnum):
    UNSPECIFIED = 0
    DELTA = 1
    CUMULATIVE = 2


@dataclass(frozen=True, slots=True)
class OtlpMetric:
    """A metric of one resource and scope. `temporality` is None where points have none: gauges and summaries."""

    origin: Origin
    name: bytes
    temporality: int | None = None
    is_monotonic: bool = False
    # Summaries start and reset like cumulative sums.
    has_start: bool = False
    # Begins the names by which this process knows the metric's series.
    digest: bytes = field(init=False)
    is_delta: bool = field(init=False)
    is_cumulative: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_delta", self.temporality == Temporality.DELTA)
        is_cumulative = self.is_monotonic and self.temporality == Temporality.CUMULATIVE
        object.__setattr__(self, "is_cumulative", self.has_start or is_cumulative)
        kind = f"{self.temporality} {self.is_monotonic} {self.has_start} ".encode()
        digest = blake2b(self.origin.digest + kind + self.name, digest_size=16).digest()
        object.__setattr__(self, "digest", digest)

    def series_name(self, suffix: bytes) -> bytes:
        is_whole = not self.name or (suffix == b"_total" and self.name.endswith(suffix))
        return self.name if is_whole else self.name + suffix

    @property
    def example(self) -> str:
        return describe([(_NAME, self.name), *self.origin.labels])


@dataclass(frozen=True, slots=True)
class PointFacts:
    """The fields that points of all types have. `raw` are the attributes as the body writes them, `pairs` reads them as
    labels."""

    raw: bytes
    pairs: Callable[[], Pairs]
    start_ns: int
    time_ns: int
    flags: int
    exemplars: int

    @property
    def time_ms(self) -> int:
        return self.time_ns // _NS_IN_MS

    @property
    def is_absent(self) -> bool:
        return bool(self.flags & _NO_RECORDED_VALUE)


@dataclass(frozen=True, slots=True)
class PointColumns:
    """Points as columns, a row for each, and the values of their parts, one point after the other. Of the parts of a
    point, the first `rising_parts` count up. `exemplars` is how many the point has, which are refused. Points that are
    not sound are left out."""

    start_ns: NDArray[np.uint64]
    time_ns: NDArray[np.uint64]
    values: NDArray[np.float64]
    parts: NDArray[np.int64]
    rising_parts: NDArray[np.int64]
    is_sound: NDArray[np.bool_]
    exemplars: NDArray[np.int64]

    @classmethod
    def alike(
        cls,
        start_ns: NDArray[np.uint64],
        time_ns: NDArray[np.uint64],
        values: NDArray[np.float64],
        *,
        rising_parts: int,
        is_sound: NDArray[np.bool_],
        exemplars: NDArray[np.int64],
    ) -> Self:
        """Points that have parts alike: a row of values for each."""
        points, parts = values.shape
        return cls(
            start_ns,
            time_ns,
            values.ravel(),
            np.full(points, parts),
            np.full(points, rising_parts),
            is_sound,
            exemplars,
        )

    @property
    def is_rising(self) -> NDArray[np.bool_]:
        """Which values count up."""
        begins = np.cumsum(self.parts) - self.parts
        place_in_point = np.arange(len(self.values)) - np.repeat(begins, self.parts)
        return np.asarray(place_in_point < np.repeat(self.rising_parts, self.parts))


class PointSamples:
    """The samples and refusals of a body, as its points are read. Refusals count points."""

    def __init__(self, window: TakenTimes, limits: BodyLimits, cache: KeyCache) -> None:
        self._window = window
        self._limits = limits
        self.cache = cache
        # What was known when the body began: the places in its rows are of this.
        self.series = cache.series
        self._left = limits.max_samples
        self._label_bytes_left = limits.max_decompressed_bytes
        self._rejected = Rejections()
        self._keys: list[bytes] = []
        self._times: list[int] = []
        self._values: list[float] = []
        self._rows: list[tuple[Places, NDArray[np.int64], NDArray[np.float64]]] = []

    def check_metric(self, metric: OtlpMetric, points: int) -> bool:
        """Whether points of the metric can be stored; if not, they are refused."""
        if metric.temporality is None or not points:
            return True
        if metric.temporality not in (Temporality.DELTA, Temporality.CUMULATIVE):
            problem = f"{metric.example}: aggregation temporality {metric.temporality} is neither delta nor cumulative"
            self._rejected.add(RefusalReason.BAD_POINT, points, problem)
        elif metric.is_delta and not metric.is_monotonic:
            self._rejected.add(RefusalReason.DELTA_UP_AND_DOWN, points, metric.example)
        else:
            return True
        return False

    def refuse_metric(self, metric: OtlpMetric, problem: str, points: int = 1) -> None:
        self._rejected.add(RefusalReason.BAD_POINT, points, f"{metric.example}: {problem}")

    def refuse_large(self, metric: OtlpMetric, size: int) -> None:
        example = f"{metric.example}: {size} bytes in one point, more than {self._limits.max_series_bytes}"
        self._rejected.add(RefusalReason.SERIES_TOO_LARGE, 1, example)

    def add_point(self, metric: OtlpMetric, facts: PointFacts, figures: Figures) -> list[bytes]:
        """The keys of the point's series; none if it is refused."""
        if not self._is_taken_time(metric, facts.time_ms):
            return []
        is_delta = metric.is_delta
        is_absent = facts.is_absent
        if is_absent and figures == NumberPoint(None):
            figures = NumberPoint(0.0)
        try:
            parts = figures.parts(is_counter=metric.is_monotonic)
            if is_delta and facts.start_ns > facts.time_ns:
                raise BadPoint(_STARTS_LATE)
            keys = [self._key(metric, facts, part) for part in parts]
        except BadPoint as error:
            self.refuse_metric(metric, str(error))
            return []
        except BadSeries as error:
            self._rejected.add(error.reason, 1, error.example)
            return []
        if facts.exemplars:
            self._rejected.add(RefusalReason.EXEMPLAR, facts.exemplars, metric.example)
        zero_ms = self._zero_ms(metric, facts, is_delta=is_delta)
        self._take(len(parts) if zero_ms is None else len(parts) + sum(part.counts_up for part in parts))
        for key, part in zip(keys, parts, strict=True):
            if part.counts_up and zero_ms is not None:
                self._add(key, zero_ms, 0.0)
            self._add(key, facts.time_ms, _STALE if is_absent else part.value)
        return keys

    def add_columns(self, metrics: Sequence[OtlpMetric], places: Places, columns: PointColumns) -> None:
        """Many points whose series are known, each of a metric: the places of all parts of the first point, then of the
        second. Their starts need no zero, unless the metric is a delta: then the parts that count up get one."""
        window, parts = self._window, columns.parts
        ts_ms = (columns.time_ns // _NS_IN_MS).astype(np.int64)
        is_inside = (ts_ms >= window.oldest_ms) & (ts_ms <= window.now_ms + window.future_ms)
        for point in np.flatnonzero(columns.is_sound & ~is_inside).tolist():
            self._is_taken_time(metrics[point], int(ts_ms[point]))
        is_taken = columns.is_sound & is_inside
        is_delta = np.fromiter(map(_IS_DELTA, metrics), np.bool_, len(metrics))
        if is_delta.any():
            start_ns = columns.start_ns
            is_late = is_taken & is_delta & (start_ns > columns.time_ns)
            for point in np.flatnonzero(is_late).tolist():
                self.refuse_metric(metrics[point], _STARTS_LATE)
            is_taken &= ~is_late
            # As in `_zero_ms`.
            zero_ms = np.minimum((start_ns // _NS_IN_MS).astype(np.int64) + 1, ts_ms - 1)
            zero_ms = np.where(start_ns > 0, np.maximum(zero_ms, window.oldest_ms), ts_ms - 1)
            is_told = is_taken & is_delta & (window.oldest_ms <= zero_ms) & (zero_ms < ts_ms)
            is_zero = np.repeat(is_told, parts) & columns.is_rising
            self._add_rows(is_zero, places, np.repeat(zero_ms, parts), np.zeros(len(places)))
        self._add_rows(np.repeat(is_taken, parts), places, np.repeat(ts_ms, parts), columns.values)
        exemplars = np.where(is_taken, columns.exemplars, 0)
        if exemplars.any():
            example = metrics[int(np.argmax(exemplars > 0))].example
            self._rejected.add(RefusalReason.EXEMPLAR, int(exemplars.sum()), example)

    def _add_rows(
        self,
        is_taken: NDArray[np.bool_],
        places: Places,
        ts_ms: NDArray[np.int64],
        values: NDArray[np.float64],
    ) -> None:
        if not is_taken.all():
            places, ts_ms, values = places[is_taken], ts_ms[is_taken], values[is_taken]
        self._take(len(places))
        self._rows.append((places, ts_ms, values))

    def columns(self) -> SampleColumns:
        times = np.array(self._times, np.int64)
        values = np.array(self._values, np.float64)
        if not self._rows:
            return assemble(self._keys, times, values, window=self._window, rejected=self._rejected)
        row_places, row_times, row_values = map(np.concatenate, zip(*self._rows, strict=True))
        keys, positions = self.series.distinct(row_places)
        times, values = np.concatenate((times, row_times)), np.concatenate((values, row_values))
        if not self._keys:
            return SampleColumns(keys, positions, times, values, self._rejected)
        # Points that were looked at may name the same series.
        distinct_keys = {key: place for place, key in enumerate(dict.fromkeys(self._keys + keys))}
        place_of_key = distinct_keys.__getitem__
        index = np.fromiter(map(place_of_key, self._keys), np.int32, len(self._keys))
        index_of_rows = np.fromiter(map(place_of_key, keys), np.int32, len(keys))[positions]
        all_index = np.concatenate((index, index_of_rows))
        return SampleColumns(list(distinct_keys), all_index, times, values, self._rejected)

    def _is_taken_time(self, metric: OtlpMetric, time_ms: int) -> bool:
        if time_ms < self._window.oldest_ms:
            reason = RefusalReason.TOO_OLD
        elif time_ms > self._window.now_ms + self._window.future_ms:
            reason = RefusalReason.TOO_FAR_IN_FUTURE
        else:
            return True
        self._rejected.add(reason, 1, f"{metric.example} at {time_ms} ms since 1970")
        return False

    def _key(self, metric: OtlpMetric, facts: PointFacts, part: SeriesPart) -> bytes:
        # Suffixes and labels of parts are our own, without a zero byte.
        own = b"\0".join((b"part", part.suffix, *(part.label or ()), b""))
        raw = b"".join((own, b"\0", metric.digest, facts.raw))
        key = self.cache.keys.get(raw)
        if key is None:
            around: Pairs = [(_NAME, metric.series_name(part.suffix))]
            if part.label:
                around.append(part.label)
            labels = join_labels(around, join_labels(list(metric.origin.labels), facts.pairs()))
            key = self.cache.put(raw, canonical_key(labels, self._limits.labels))
            self._label_bytes_left -= len(raw) + len(key)
            if self._label_bytes_left < 0:
                raise WriteTooLarge(
                    f"labels of more than {self._limits.max_decompressed_bytes} bytes once written out"
                )
        return key

    def _zero_ms(self, metric: OtlpMetric, facts: PointFacts, *, is_delta: bool) -> int | None:
        """The time at which the counters of the point were zero, if that has to be told."""
        zero_ms = min(facts.start_ns // _NS_IN_MS + 1, facts.time_ms - 1)
        if is_delta:
            # Where no start was sent, or one before the window, the increase still counts whole.
            zero_ms = max(zero_ms, self._window.oldest_ms) if facts.start_ns else facts.time_ms - 1
            return zero_ms if self._window.oldest_ms <= zero_ms < facts.time_ms else None
        is_reset = metric.is_cumulative and facts.start_ns and self._is_reset(metric, facts)
        is_near = zero_ms >= max(self._window.oldest_ms, facts.time_ms - _RESET_WITHIN_MS)
        return zero_ms if is_reset and is_near else None

    def _is_reset(self, metric: OtlpMetric, facts: PointFacts) -> bool:
        place, start = b"start" + metric.digest + facts.raw, _START.pack(facts.start_ns)
        before = self.cache.keys.get(place)
        if before != start:
            self.cache.put(place, start)
        return before is not None and _START.unpack(before)[0] < facts.start_ns

    def _add(self, key: bytes, ts_ms: int, value: float) -> None:
        self._keys.append(key)
        self._times.append(ts_ms)
        self._values.append(value)

    def _take(self, samples: int) -> None:
        self._left -= samples
        if self._left < 0:
            raise WriteTooLarge(f"more than {self._limits.max_samples} samples")
