"""Exponential histograms of OTLP in protobuf as senders usually write them.

SDKs and the Collector write the fields of a point in the order of their numbers: attributes, start, time, count and
sum, scale, the count of zero, the buckets above and below zero, exemplars, and the least and greatest value. A field
that is zero is left out.
"""

import re
from typing import NamedTuple

import numpy as np

from telemetry.formats.otlp.histograms import MOST_COUNTED, ExponentialCounts, HistogramTotals, Whole
from telemetry.formats.otlp.layout import skip_fields
from telemetry.formats.otlp.points import SCALES

_ATTRIBUTE_TAG, _EXEMPLAR_TAG = 0x0A, 0x5A
_FIXED = rb".{8}"
_LENGTH = rb"([\x80-\xff]?[\x00-\x7f])"
_POINT = re.compile(
    # Start, time, count and sum.
    rb"\x11" + _FIXED + rb"\x19" + _FIXED + rb"\x21" + _FIXED + rb"\x29" + _FIXED
    # Scale, and the count of zero.
    + rb"(?:\x30([\x00-\x7f]))?(\x39" + _FIXED + rb")?"
    # The buckets above zero: their length, offset, and the length of the counts.
    + rb"\x42" + _LENGTH + rb"(?:\x08([\x80-\xff]{0,3}[\x00-\x7f]))?\x12" + _LENGTH,
    re.DOTALL,
)  # fmt: skip
# Behind the counts: buckets below zero that count nothing, as the SDK for Python sends them.
_EMPTY_BUCKETS = re.compile(rb"(?:\x4a(?:\x00|\x03\x12\x01\x00|\x05\x08[\x00-\x7f]\x12\x01\x00))?")
_EXTREMES = re.compile(rb"(?:\x61" + _FIXED + rb"\x69" + _FIXED + rb")?", re.DOTALL)
_TOTALS_BYTES = 36
_NO_ZERO, _NO_EXTREMES = bytes(9), bytes(18)
_TOTALS = np.dtype(
    [
        field
        for name, kind in (
            ("start_ns", "<u8"),
            ("time_ns", "<u8"),
            ("count", "<u8"),
            ("sum", "<f8"),
            ("zero_count", "<u8"),
            ("min", "<f8"),
            ("max", "<f8"),
        )
        for field in ((f"{name}_tag", "u1"), (name, kind))
    ]
)
# A varint of so many bytes is less than MOST_COUNTED.
_MOST_VARINT_BYTES = 6


class ExponentialNumbers(NamedTuple):
    """The numbers of a point; `counts` are varints, at least one."""

    totals: bytes
    scale: int
    offset: int
    counts: bytes
    exemplars: int


def split_exponential(body: bytes) -> tuple[bytes, ExponentialNumbers] | None:
    """The attributes and the numbers of a point; None where its layout is another."""
    begin, _ = skip_fields(body, 0, _ATTRIBUTE_TAG)
    match = _POINT.match(body, begin)
    if match is None:
        return None
    scale_varint, zero_count, size, offset, counts_size = match.groups()
    counts_begin = match.end()
    end = counts_begin + _varint(counts_size)
    counts, scale = body[counts_begin:end], _signed(scale_varint)
    empty_buckets = _EMPTY_BUCKETS.match(body, end)
    extremes_begin, exemplars = skip_fields(
        body, empty_buckets.end() if empty_buckets else end, _EXEMPLAR_TAG
    )
    extremes = _EXTREMES.fullmatch(body, extremes_begin)
    is_whole = end <= len(body) and extremes_begin <= len(body) and match.end(3) + _varint(size) == end
    if extremes is None or not is_whole or not counts or counts[-1] >= 0x80 or scale not in SCALES:
        return None
    totals = body[begin : begin + _TOTALS_BYTES] + (zero_count or _NO_ZERO) + (extremes[0] or _NO_EXTREMES)
    return body[:begin], ExponentialNumbers(totals, scale, _signed(offset), counts, exemplars)


def _varint(octets: bytes) -> int:
    number = 0
    for place, octet in enumerate(octets):
        number |= (octet & 0x7F) << 7 * place
    return number


def _signed(octets: bytes | None) -> int:
    """A zigzag varint; 0 without one."""
    number = _varint(octets) if octets else 0
    return number >> 1 ^ -(number & 1)


def columns_of_numbers(points: list[ExponentialNumbers]) -> tuple[HistogramTotals, ExponentialCounts]:
    """Numbers of points as columns, a row for each point."""
    totals, scales, offsets, counts, exemplars = zip(*points, strict=True)
    rows = np.frombuffer(b"".join(totals), _TOTALS)
    numbers, ends = read_varints(b"".join(counts))
    byte_ends = np.cumsum([len(each) for each in counts])
    sizes = np.diff(np.searchsorted(ends, byte_ends), prepend=0)
    totals_of_points = HistogramTotals(
        rows["start_ns"],
        rows["time_ns"],
        rows["count"].astype(np.int64),
        rows["sum"],
        rows["min"],
        rows["max"],
        rows["min_tag"] > 0,
        np.array(exemplars, np.int64),
    )
    return totals_of_points, ExponentialCounts(
        np.array(scales, np.int64),
        np.array(offsets, np.int64),
        rows["zero_count"].astype(np.int64),
        numbers,
        sizes,
    )


def read_varints(octets: bytes) -> tuple[Whole, Whole]:
    """The numbers, and the places of their last bytes. What is too long to be counted is MOST_COUNTED."""
    data = np.frombuffer(octets, np.uint8)
    ends = np.flatnonzero(data < 0x80)
    begins = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - begins + 1
    numbers = (data[begins] & 0x7F).astype(np.int64)
    for place in range(1, min(int(lengths.max()), _MOST_VARINT_BYTES)):
        longer = np.flatnonzero(lengths > place)
        numbers[longer] |= (data[begins[longer] + place] & 0x7F).astype(np.int64) << 7 * place
    numbers[lengths > _MOST_VARINT_BYTES] = MOST_COUNTED
    return numbers, ends
