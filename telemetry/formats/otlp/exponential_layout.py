"""Exponential histograms of OTLP in protobuf as senders usually write them, all of a body at once.

SDKs and the Collector write the fields of a point in the order of their numbers: attributes, start, time, count and
sum, scale, the count of zero, the buckets above and below zero, exemplars, and the least and greatest value. A field
that is zero is left out, so that numbers lie elsewhere in each point: a place in each moves over one field after the
other.
"""

from dataclasses import dataclass
from itertools import compress, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemetry.formats.otlp.histograms import (
    ClassicBuckets,
    ExponentialCounts,
    HistogramTotals,
    Whole,
    exponential_buckets,
)
from telemetry.formats.otlp.layout import FIELD_BYTES
from telemetry.formats.otlp.points import SCALES

_ATTRIBUTE_TAG, _EXEMPLAR_TAG = 0x0A, 0x5A
_TOTALS_TAGS = b"\x11\x19\x21\x29"
_TOTALS = np.dtype(
    [
        field
        for name, kind in (("start_ns", "<u8"), ("time_ns", "<u8"), ("count", "<u8"), ("sum", "<f8"))
        for field in ((f"{name}_tag", "u1"), (name, kind))
    ]
)
_SCALE_TAG, _ZERO_TAG, _ABOVE_TAG, _OFFSET_TAG, _COUNTS_TAG, _BELOW_TAG = 0x30, 0x39, 0x42, 0x08, 0x12, 0x4A
_MIN_TAG, _MAX_TAG = 0x61, 0x69
# Points with more attributes or exemplars are read by themselves.
_MOST_FIELDS = 64
# Behind the places at which a body ends, so many bytes may be looked at.
_BEHIND = bytes(64)
# Counts of so many bytes are read at a time, so that no column takes more than 256 kB.
_TURN_BYTES = 32_000
# Varints of so many bytes are less than MOST_COUNTED; offsets have four bytes at most.
_MOST_VARINT_BYTES, _MOST_OFFSET_BYTES = 6, 4

type Octets = NDArray[np.uint8]
type Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ExponentialPoints:
    """Columns of points, a row for each. Their series are named by what comes before `attribute_ends`."""

    attribute_ends: list[int]
    totals: HistogramTotals
    buckets: ClassicBuckets


class _Places:
    """A place in each of many bodies, which moves over fields that are there. Where a body turns out to be written
    otherwise, `is_usual` is false, and the place stays at its end."""

    def __init__(self, bodies: list[bytes]) -> None:
        sizes = np.fromiter(map(len, bodies), np.int64, len(bodies))
        self._octets: Octets = np.frombuffer(b"".join(bodies) + _BEHIND, np.uint8)
        self._ends: Whole = np.cumsum(sizes)
        self._begins: Whole = self._ends - sizes
        self._at: Whole = self._begins.copy()
        self.is_usual: Flags = np.ones(len(bodies), np.bool_)

    @property
    def offsets(self) -> Whole:
        """The places, counted from the beginning of each body."""
        return self._at - self._begins

    @property
    def is_at_end(self) -> Flags:
        return np.asarray(self._at == self._ends)

    def octet(self, ahead: int = 0) -> Octets:
        return self._octets[self._at + ahead]

    def has(self, tag: int) -> Flags:
        return np.asarray((self.octet() == tag) & (self._at < self._ends))

    def require(self, condition: Flags) -> None:
        self.is_usual &= condition
        np.copyto(self._at, self._ends, where=~self.is_usual)

    def move(self, sizes: Any) -> None:
        self._at = self._at + sizes
        self.require(self._at <= self._ends)

    def numbers(self, kind: Any, ahead: int = 0) -> NDArray[Any]:
        """The number, or row of numbers, that begins in each body so far ahead; anything where the body ends before."""
        size = np.dtype(kind).itemsize
        begins = np.minimum(self._at + ahead, len(self._octets) - size)
        return np.asarray(self._octets[begins[:, np.newaxis] + np.arange(size)].view(kind).ravel())

    def varint(self, is_there: Flags, most_bytes: int) -> Whole:
        """Move over a varint where there is one; 0 where there is none."""
        number, width = np.zeros(len(is_there), np.int64), np.zeros(len(is_there), np.int64)
        goes_on = is_there
        for place in range(most_bytes):
            octet = self.octet(place)
            number += np.where(goes_on, (octet & 0x7F).astype(np.int64) << 7 * place, 0)
            width += goes_on
            goes_on = goes_on & (octet >= 0x80)
            if not goes_on.any():
                break
        self.require(~goes_on)
        self.move(np.where(self.is_usual, width, 0))
        return number

    def skip(self, tag: int) -> Whole:
        """Move over all fields of a tag, whose lengths have one byte or two, and tell how many they are."""
        octets, ends, at = self._octets, self._ends, self._at
        fields = np.zeros(len(at), np.int64)
        for _ in range(_MOST_FIELDS):
            is_there = (octets[at] == tag) & (at < ends)
            if not is_there.any():
                break
            size = octets[at + 1].astype(np.int64) + 2
            if (is_long := is_there & (size >= 0x82)).any():
                size += is_long * ((octets[at + 2].astype(np.int64) << 7) - 0x7F)
                # A third byte of a length.
                size[is_long & (octets[at + 2] >= 0x80)] = len(octets)
            at = at + is_there * size
            self.is_usual &= at <= ends
            at = np.minimum(at, ends)
            fields += is_there
        self._at = at
        self.require(self.is_usual)
        return fields


def read_exponentials(bodies: list[bytes]) -> tuple[Flags, ExponentialPoints | None]:
    """Which of these have the usual layout, and the columns of those, if there are any."""
    places = _Places(bodies)
    places.skip(_ATTRIBUTE_TAG)
    attribute_ends, totals = places.offsets, _read_totals(places)
    scale, zero_count = _read_scale(places)
    offset, counts_begins, counts_ends = _read_buckets(places)
    _skip_empty_buckets(places)
    exemplars = places.skip(_EXEMPLAR_TAG)
    has_extremes = places.has(_MIN_TAG) & (places.octet(FIELD_BYTES) == _MAX_TAG)
    least, greatest = places.numbers("<f8", 1), places.numbers("<f8", 1 + FIELD_BYTES)
    places.move(np.where(has_extremes, 2 * FIELD_BYTES, 0))
    places.require(places.is_at_end)
    is_usual = places.is_usual
    if not is_usual.any():
        return is_usual, None
    # Most often, all are.
    usual = slice(None) if is_usual.all() else np.flatnonzero(is_usual)
    spans = zip(
        compress(bodies, is_usual.tolist()),
        counts_begins[usual].tolist(),
        counts_ends[usual].tolist(),
        strict=True,
    )
    counts = [body[begin:end] for body, begin, end in spans]
    return is_usual, ExponentialPoints(
        attribute_ends[usual].tolist(),
        _histogram_totals(
            totals[usual], least[usual], greatest[usual], has_extremes[usual], exemplars[usual]
        ),
        _classic_buckets(counts, scale[usual], offset[usual], zero_count[usual]),
    )


def _histogram_totals(
    rows: Any, least: Any, greatest: Any, has_extremes: Flags, exemplars: Whole
) -> HistogramTotals:
    counts = rows["count"].astype(np.int64)
    return HistogramTotals(
        rows["start_ns"], rows["time_ns"], counts, rows["sum"], least, greatest, has_extremes, exemplars
    )


def _classic_buckets(counts: list[bytes], scale: Whole, offset: Whole, zero_count: Whole) -> ClassicBuckets:
    """The buckets of points whose counts are varints, a few points at a time: memory that was used a moment before
    costs much less than memory that the system has to give."""
    lengths = np.fromiter(map(len, counts), np.int64, len(counts))
    turns = (np.cumsum(lengths) - lengths) // _TURN_BYTES
    cuts = [0, *(np.flatnonzero(np.diff(turns)) + 1).tolist(), len(counts)]
    turns_of_buckets = []
    for begin, end in pairwise(cuts):
        turn = slice(begin, end)
        running, sizes, is_countable = read_varints(b"".join(counts[turn]), lengths[turn])
        sent = ExponentialCounts(scale[turn], offset[turn], zero_count[turn], running, sizes, is_countable)
        turns_of_buckets.append(exponential_buckets(sent))
    return ClassicBuckets.joined(turns_of_buckets)


def _read_totals(places: _Places) -> NDArray[Any]:
    """Move over start, time, count and sum."""
    totals = places.numbers(_TOTALS)
    for place, tag in enumerate(_TOTALS_TAGS):
        places.require(places.octet(FIELD_BYTES * place) == tag)
    places.move(np.where(places.is_usual, _TOTALS.itemsize, 0))
    return totals


def _read_scale(places: _Places) -> tuple[Whole, Whole]:
    """Move over the scale and the count of zero."""
    has_scale = places.has(_SCALE_TAG)
    places.move(has_scale)
    scale = _signed(places.varint(has_scale, 1))
    places.require((scale >= SCALES[0]) & (scale <= SCALES[-1]))
    has_zero = places.has(_ZERO_TAG)
    zero_count = np.where(has_zero, places.numbers("<i8", 1), 0)
    places.move(np.where(has_zero, FIELD_BYTES, 0))
    return scale, zero_count


def _read_buckets(places: _Places) -> tuple[Whole, Whole, Whole]:
    """Move over the buckets above zero: their offset, and where their counts begin and end in each body."""
    places.require(places.has(_ABOVE_TAG))
    places.move(places.is_usual)
    size = places.varint(places.is_usual, 2)
    buckets_end = places.offsets + size
    has_offset = places.has(_OFFSET_TAG)
    places.move(has_offset)
    offset = _signed(places.varint(has_offset, _MOST_OFFSET_BYTES))
    places.require(places.has(_COUNTS_TAG))
    places.move(places.is_usual)
    size = places.varint(places.is_usual, 2)
    begins = places.offsets
    places.require((size > 0) & (begins + size == buckets_end))
    places.move(np.where(places.is_usual, size, 0))
    # The last count is whole.
    places.require(places.octet(-1) < 0x80)
    return offset, begins, begins + size


def _skip_empty_buckets(places: _Places) -> None:
    """Move over buckets below zero that count nothing, as the SDK for Python sends them."""
    size = places.octet(1)
    are_empty = size == 0
    for offset_bytes in (0, 2):
        counts = tuple(places.octet(2 + offset_bytes + ahead) for ahead in range(3))
        has_offset = not offset_bytes or (places.octet(2) == _OFFSET_TAG) & (places.octet(3) < 0x80)
        is_one_zero = (counts[0] == _COUNTS_TAG) & (counts[1] == 1) & (counts[2] == 0)
        are_empty |= (size == 3 + offset_bytes) & has_offset & is_one_zero
    is_there = places.has(_BELOW_TAG)
    places.require(~is_there | are_empty)
    places.move(np.where(is_there & places.is_usual, 2 + size.astype(np.int64), 0))


def _signed(zigzag: Whole) -> Whole:
    return zigzag >> 1 ^ -(zigzag & 1)


def read_varints(octets: bytes, lengths: Whole) -> tuple[Whole, Whole, Flags]:
    """Varints of points that have so many bytes each: the sums of all up to each, how many each point has, and whether
    a point has none that is too long to be counted."""
    data = np.frombuffer(octets, np.uint8)
    goes_on = data >= 0x80
    numbers = (data & 0x7F).astype(np.int64)
    is_later = np.zeros(len(data), np.bool_)
    is_later[1:] = goes_on[:-1]
    for _ in range(1, _MOST_VARINT_BYTES):
        if not is_later.any():
            break
        numbers <<= 7 * is_later.view(np.uint8)
        is_later[1:] = is_later[:-1] & goes_on[:-1]
        is_later[0] = False
    last_octets, ends = np.flatnonzero(~goes_on), np.cumsum(lengths)
    sizes = np.diff(np.searchsorted(last_octets, ends), prepend=0)
    is_countable = np.ones(len(lengths), np.bool_)
    if is_later.any():
        is_countable[np.searchsorted(ends, np.flatnonzero(is_later), side="right")] = False
    return np.cumsum(numbers)[last_octets], sizes, is_countable
