"""Points of OTLP in protobuf as senders usually write them: numbers at fixed places, then what names their series.

SDKs and the Collector write the fields of a point in the order of their numbers. Of a number these are start and time,
the value, and the attributes; of a histogram start, time, count and sum, the counts of its buckets, their bounds, the
attributes, and the least and greatest value. Exemplars, which differ from point to point, stand before the attributes.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from telemetry.core.labels import encode_varint
from telemetry.formats.otlp.samples import PointColumns

# A field of eight bytes behind its tag.
FIELD_BYTES = 9
_START_TAG, _TIME_TAG = b"\x11", b"\x19"
_DOUBLE_TAG, _INT_TAG = b"\x21", b"\x31"
_VALUE_TAGS = (_DOUBLE_TAG, _INT_TAG)
NO_START = bytes(FIELD_BYTES)
_NUMBER = np.dtype(
    [("", "u1"), ("start_ns", "<u8"), ("", "u1"), ("time_ns", "<u8"), ("tag", "u1"), ("value", "<i8")]
)
_NUMBER_BYTES = _NUMBER.itemsize

EXEMPLAR_TAG_OF_NUMBER = b"\x2a"

# Start, time, count and sum; then the counts of the buckets, packed.
_HISTOGRAM_TAGS, _COUNTS_TAG = b"\x11\x19\x21\x29", 0x32
_TOTALS_BYTES = FIELD_BYTES * len(_HISTOGRAM_TAGS)
_BOUNDS_TAG, _EXEMPLAR_TAG = b"\x3a", 0x42
_EXTREME_TAGS = b"\x59\x61"
_EXTREMES_BYTES = FIELD_BYTES * len(_EXTREME_TAGS)
# Sums of so many counts at most stay below 2^64.
_MOST_COUNTED = 2**53


def skip_fields(body: bytes, place: int, tag: int) -> tuple[int, int]:
    """The end of fields that have this tag and a length of one or two bytes, from a place on, and their number. A field
    that is cut short ends behind the body."""
    fields, last = 0, len(body) - 2
    while place < last and body[place] == tag:
        length = body[place + 1]
        if length < 0x80:
            place += 2 + length
        elif body[place + 2] < 0x80:
            place += 3 + (length & 0x7F | body[place + 2] << 7)
        else:
            break
        fields += 1
    return place, fields


def cut_exemplars(rest: bytes, place: int, tag: int) -> tuple[bytes, int]:
    """Leave out the exemplars, which begin at a place of what follows a point's numbers, and tell how many they are."""
    end, exemplars = skip_fields(rest, place, tag)
    return (rest[:place] + rest[end:], exemplars) if exemplars and end <= len(rest) else (rest, 0)


def split_number(body: bytes) -> tuple[bytes, bytes]:
    """Start, time and value with their tags, and what follows them; without a head where the order is another."""
    if (
        body[:1] == _START_TAG
        and body[9:10] == _TIME_TAG
        and body[18:19] in _VALUE_TAGS
        and len(body) >= _NUMBER_BYTES
    ):
        return body[:_NUMBER_BYTES], body[_NUMBER_BYTES:]
    short = _NUMBER_BYTES - FIELD_BYTES
    if body[:1] == _TIME_TAG and body[9:10] in _VALUE_TAGS and len(body) >= short:
        return NO_START + body[:short], body[short:]
    return b"", body


def number_columns(heads: list[bytes], exemplars: dict[int, int]) -> PointColumns:
    """The columns of what `split_number` gave; exemplars by the place of their point."""
    rows = np.frombuffer(b"".join(heads), _NUMBER)
    is_double = rows["tag"] == ord(_DOUBLE_TAG)
    values = np.where(is_double, rows["value"].view("<f8"), rows["value"].astype(np.float64))
    exemplars_of_points = np.zeros(len(heads), np.int64)
    for place, number in exemplars.items():
        exemplars_of_points[place] = number
    return PointColumns.numbers(rows["start_ns"], rows["time_ns"], values, exemplars_of_points)


@dataclass(frozen=True)
class HistogramLayout:
    """Where a histogram's numbers lie: `counts_tag` is the tag and length before the counts of its buckets."""

    counts_tag: bytes
    buckets: int
    has_extremes: bool

    @classmethod
    def read(cls, body: bytes) -> Self | None:
        """The layout of this point; None where it is another than the usual one."""
        if body[:_TOTALS_BYTES:FIELD_BYTES] != _HISTOGRAM_TAGS or len(body) < _TOTALS_BYTES + 3:
            return None
        tag, size, more = body[_TOTALS_BYTES : _TOTALS_BYTES + 3]
        length_bytes = 1
        if size & 0x80:
            size, length_bytes = size & 0x7F | more << 7, 2
        counts_tag = body[_TOTALS_BYTES : _TOTALS_BYTES + 1 + length_bytes]
        is_usual = tag == _COUNTS_TAG and size and size % 8 == 0 and not (length_bytes == 2 and more & 0x80)
        if not is_usual or len(body) < _TOTALS_BYTES + len(counts_tag) + size:
            return None
        return cls(counts_tag, size // 8, body[-_EXTREMES_BYTES::FIELD_BYTES] == _EXTREME_TAGS)

    @property
    def parts(self) -> int:
        """Series of such a point: one for each bucket, count and sum, least and greatest value."""
        return self.rising_parts + 2 * self.has_extremes

    @property
    def rising_parts(self) -> int:
        """Number of series that count up; they come first."""
        return self.buckets + 2

    @cached_property
    def name(self) -> bytes:
        """Distinguishes this layout from others of the same metric."""
        return b"%d %d " % (self.buckets, self.has_extremes)

    @cached_property
    def head_bytes(self) -> int:
        return _TOTALS_BYTES + len(self.counts_tag) + 8 * self.buckets

    @cached_property
    def bounds_tag(self) -> bytes:
        """The tag and length before the bounds."""
        size = 8 * (self.buckets - 1)
        return _BOUNDS_TAG + encode_varint(size) if size else b""

    @cached_property
    def bounds_bytes(self) -> int:
        return len(self.bounds_tag) + 8 * (self.buckets - 1)

    def split(self, body: bytes) -> tuple[bytes, bytes] | None:
        """The numbers of a point of this layout, and its bounds, exemplars and attributes; None where its layout is
        another."""
        counts_begin, size = _TOTALS_BYTES + len(self.counts_tag), self.head_bytes
        if (
            len(body) < size
            or body[:_TOTALS_BYTES:FIELD_BYTES] != _HISTOGRAM_TAGS
            or body[_TOTALS_BYTES:counts_begin] != self.counts_tag
            or (body[-_EXTREMES_BYTES::FIELD_BYTES] == _EXTREME_TAGS) != self.has_extremes
        ):
            return None
        numbers, rest = body[:size], body[size:]
        if self.has_extremes:
            extremes = body[-_EXTREMES_BYTES:]
            if len(body) < size + _EXTREMES_BYTES:
                return None
            numbers, rest = numbers + extremes, rest[:-_EXTREMES_BYTES]
        return numbers, rest

    def cut_exemplars(self, rest: bytes) -> tuple[bytes, int]:
        """Leave out the exemplars between bounds and attributes, and tell how many they are."""
        if rest.startswith(self.bounds_tag):
            return cut_exemplars(rest, self.bounds_bytes, _EXEMPLAR_TAG)
        return rest, 0

    def columns(self, numbers: list[bytes], exemplars: list[int]) -> PointColumns:
        """The columns of points; sound are those whose buckets come to their count."""
        rows = np.frombuffer(b"".join(numbers), self._dtype)
        counts = rows["counts"]
        sums = np.cumsum(counts, axis=1, dtype=np.uint64)
        is_sound = (counts < _MOST_COUNTED).all(axis=1) & (sums[:, -1] == rows["count"])
        values = np.empty((len(rows), self.parts))
        values[:, : self.buckets] = sums
        for part, name in enumerate(("count", "sum", "min", "max")[: self.parts - self.buckets]):
            values[:, self.buckets + part] = rows[name]
        parts, rising_parts = np.full(len(rows), self.parts), np.full(len(rows), self.rising_parts)
        return PointColumns(
            rows["start_ns"],
            rows["time_ns"],
            values.ravel(),
            parts,
            rising_parts,
            is_sound,
            np.array(exemplars, np.int64),
        )

    @cached_property
    def _dtype(self) -> np.dtype[Any]:
        fields: list[Any] = [
            field
            for name, kind in (("start_ns", "<u8"), ("time_ns", "<u8"), ("count", "<u8"), ("sum", "<f8"))
            for field in (("", "u1"), (name, kind))
        ]
        fields += [("", f"S{len(self.counts_tag)}"), ("counts", "<u8", self.buckets)]
        if self.has_extremes:
            fields += [("", "u1"), ("min", "<f8"), ("", "u1"), ("max", "<f8")]
        return np.dtype(fields)
