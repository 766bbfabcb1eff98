"""Histograms and summaries of OTLP in protobuf as senders usually write them: numbers at fixed places around what names
their series.

SDKs and the Collector write the fields of a point in the order of their numbers. Of a histogram these are start, time,
count and sum, the counts of its buckets, their bounds, exemplars, the attributes, and the least and greatest value; of
a summary start, time, count and sum, its quantiles with a value each, and the attributes.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from telemetry.core.labels import encode_varint
from telemetry.formats.otlp.layout import FIELD_BYTES, cut_exemplars
from telemetry.formats.otlp.samples import PointColumns

# Start, time, count and sum.
_TOTALS_TAGS = b"\x11\x19\x21\x29"
_TOTALS_BYTES = FIELD_BYTES * len(_TOTALS_TAGS)
_TOTALS = (("start_ns", "<u8"), ("time_ns", "<u8"), ("count", "<u8"), ("sum", "<f8"))
# The counts of a histogram's buckets, packed, and what may follow.
_COUNTS_TAG, _BOUNDS_TAG, _EXEMPLAR_TAG = 0x32, b"\x3a", 0x42
_EXTREME_TAGS = b"\x59\x61"
_EXTREMES_BYTES = FIELD_BYTES * len(_EXTREME_TAGS)
# Sums of so many counts at most stay below 2^64.
_MOST_COUNTED = 2**53
# A quantile with its value, and the quantile 0, which is left out.
_QUANTILE, _QUANTILE_ZERO = b"\x32\x12\x09", b"\x32\x09\x11"
_VALUE_TAG = 0x11

# A fixed text, or the name and type of a number.
type Part = bytes | tuple[str, str]


@dataclass(frozen=True)
class PointLayout(ABC):
    """The parts of a point before and behind what names its series."""

    head: tuple[Part, ...]
    tail: tuple[Part, ...] = ()
    # The fields that may name the series.
    naming_fields: ClassVar[set[str]] = {"attributes"}
    kind: ClassVar[bytes]

    @classmethod
    @abstractmethod
    def read(cls, body: bytes) -> Self | None:
        """The layout of this point; None where it is another than the usual one."""

    @property
    @abstractmethod
    def parts(self) -> int:
        """Number of series of such a point."""

    @abstractmethod
    def point_columns(
        self, rows: Any, is_usual: NDArray[np.bool_], exemplars: NDArray[np.int64]
    ) -> PointColumns:
        """The columns of points from the numbers of each."""

    def cut_exemplars(self, rest: bytes) -> tuple[bytes, int]:
        """Leave the exemplars out of what names the series, and tell how many they are."""
        return rest, 0

    @cached_property
    def name(self) -> bytes:
        """Begins no name of another layout."""
        return b"%s %d " % (self.kind, len(self._text)) + self._text

    @cached_property
    def _text(self) -> bytes:
        return b"".join(part for part in self.head + self.tail if isinstance(part, bytes))

    @cached_property
    def head_bytes(self) -> int:
        return _dtype(self.head).itemsize

    @cached_property
    def tail_bytes(self) -> int:
        return _dtype(self.tail).itemsize

    def split(self, body: bytes) -> tuple[bytes, bytes]:
        """The numbers of a point, and what lies between them."""
        end = len(body) - self.tail_bytes
        return body[: self.head_bytes] + body[end:], body[self.head_bytes : end]

    def columns(self, numbers: list[bytes], exemplars: NDArray[np.int64]) -> PointColumns:
        """The columns of what `split` gave. Points of another layout are not sound."""
        octets = b"".join(numbers)
        texts = np.frombuffer(octets, np.uint8).reshape(len(numbers), -1)[:, self._fixed_places]
        is_usual = (texts == self._fixed_octets).all(axis=1)
        return self.point_columns(np.frombuffer(octets, self._row_type), is_usual, exemplars)

    @cached_property
    def _row_type(self) -> np.dtype[Any]:
        return _dtype(self.head + self.tail)

    @cached_property
    def _fixed_places(self) -> NDArray[np.int64]:
        places: list[int] = []
        begin = 0
        for part in self.head + self.tail:
            if isinstance(part, bytes):
                places += range(begin, begin + len(part))
                begin += len(part)
            else:
                begin += np.dtype(part[1]).itemsize
        return np.array(places)

    @cached_property
    def _fixed_octets(self) -> NDArray[np.uint8]:
        return np.frombuffer(self._text, np.uint8)


def _dtype(parts: tuple[Part, ...]) -> np.dtype[Any]:
    return np.dtype(
        [
            (f"text {place}", f"V{len(part)}") if isinstance(part, bytes) else part
            for place, part in enumerate(parts)
        ]
    )


def _tagged(tags: bytes, numbers: tuple[tuple[str, str], ...]) -> tuple[Part, ...]:
    return tuple(part for tag, number in zip(tags, numbers, strict=True) for part in (bytes((tag,)), number))


@dataclass(frozen=True)
class HistogramLayout(PointLayout):
    buckets: int = 0
    naming_fields = {"explicit_bounds", "attributes"}
    kind = b"histogram"

    @classmethod
    def read(cls, body: bytes) -> Self | None:
        if body[:_TOTALS_BYTES:FIELD_BYTES] != _TOTALS_TAGS or len(body) < _TOTALS_BYTES + 3:
            return None
        tag, size, more = body[_TOTALS_BYTES : _TOTALS_BYTES + 3]
        length_bytes = 1
        if size & 0x80:
            size, length_bytes = size & 0x7F | more << 7, 2
        is_usual = tag == _COUNTS_TAG and size and size % 8 == 0 and not (length_bytes == 2 and more & 0x80)
        counts_tag = body[_TOTALS_BYTES : _TOTALS_BYTES + 1 + length_bytes]
        head = (*_tagged(_TOTALS_TAGS, _TOTALS), counts_tag, ("counts", f"({size // 8},)<u8"))
        has_extremes = body[-_EXTREMES_BYTES::FIELD_BYTES] == _EXTREME_TAGS
        tail = _tagged(_EXTREME_TAGS, (("min", "<f8"), ("max", "<f8"))) if has_extremes else ()
        needed = _TOTALS_BYTES + len(counts_tag) + size + _EXTREMES_BYTES * has_extremes
        return cls(head, tail, size // 8) if is_usual and len(body) >= needed else None

    @property
    def parts(self) -> int:
        return self.buckets + len(self._totals)

    def cut_exemplars(self, rest: bytes) -> tuple[bytes, int]:
        """They stand between bounds and attributes."""
        size = 8 * (self.buckets - 1)
        tag = _BOUNDS_TAG + encode_varint(size) if size else b""
        return cut_exemplars(rest, len(tag) + size, _EXEMPLAR_TAG) if rest.startswith(tag) else (rest, 0)

    def point_columns(
        self, rows: Any, is_usual: NDArray[np.bool_], exemplars: NDArray[np.int64]
    ) -> PointColumns:
        """Sound are points whose buckets come to their count."""
        counts = rows["counts"]
        sums = np.cumsum(counts, axis=1, dtype=np.uint64)
        is_sound = is_usual & (counts < _MOST_COUNTED).all(axis=1) & (sums[:, -1] == rows["count"])
        values = np.empty((len(rows), self.parts))
        values[:, : self.buckets] = sums
        for part, name in enumerate(self._totals, self.buckets):
            values[:, part] = rows[name]
        return PointColumns.alike(
            rows["start_ns"],
            rows["time_ns"],
            values,
            rising_parts=self.buckets + 2,
            is_sound=is_sound,
            exemplars=exemplars,
        )

    @cached_property
    def _totals(self) -> tuple[str, ...]:
        return ("count", "sum", "min", "max") if self.tail else ("count", "sum")


@dataclass(frozen=True)
class SummaryLayout(PointLayout):
    """The quantiles are part of the layout."""

    quantiles: int = 0
    kind = b"summary"

    @classmethod
    def read(cls, body: bytes) -> Self | None:
        if body[:_TOTALS_BYTES:FIELD_BYTES] != _TOTALS_TAGS:
            return None
        head, place = list(_tagged(_TOTALS_TAGS, _TOTALS)), _TOTALS_BYTES
        quantiles = 0
        while body[place : place + 1] == _QUANTILE[:1]:
            if body.startswith(_QUANTILE, place) and body[place + 11 : place + 12] == bytes((_VALUE_TAG,)):
                end = place + len(_QUANTILE) + FIELD_BYTES
            elif body.startswith(_QUANTILE_ZERO, place):
                end = place + len(_QUANTILE_ZERO)
            else:
                return None
            head += (body[place:end], (f"value {quantiles}", "<f8"))
            place, quantiles = end + 8, quantiles + 1
        return cls(tuple(head), (), quantiles) if place <= len(body) else None

    @property
    def parts(self) -> int:
        return self.quantiles + 2

    def point_columns(
        self, rows: Any, is_usual: NDArray[np.bool_], exemplars: NDArray[np.int64]
    ) -> PointColumns:
        names = [*(f"value {place}" for place in range(self.quantiles)), "count", "sum"]
        values = np.empty((len(rows), self.parts))
        for part, name in enumerate(names):
            values[:, part] = rows[name]
        return PointColumns.alike(
            rows["start_ns"], rows["time_ns"], values, rising_parts=0, is_sound=is_usual, exemplars=exemplars
        )
