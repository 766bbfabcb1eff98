"""Points of OTLP metrics, whichever encoding they came in, and the series that each of them becomes.

A histogram becomes the series of a classic one: `_bucket` with its bound, `_count`, `_sum`, and `_min` and `_max` where
they were sent. The buckets of an exponential histogram go together into bounds that are powers of the fourth root of 2
(scale 2), which every finer scale contains, so that the series stay the same while a sender changes its scale.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import NamedTuple

# More buckets than any sender makes (160 in each direction by default), and few enough for a series each.
MOST_BUCKETS = 1000
# Scales of exponential histograms, and the one whose bounds they become: 4 to an octave, 19 % apart.
SCALES = range(-10, 21)
FINEST_SCALE = 2
_STEPS = 1 << FINEST_SCALE
# Exponents of the least and the greatest double at that scale.
_LEAST, _GREATEST = -1074 << FINEST_SCALE, 1024 << FINEST_SCALE


class BadPoint(ValueError):
    """A point that cannot be stored; the text says what is wrong with it."""


class SeriesPart(NamedTuple):
    """One series of a point: what its name ends in, a label of its own, and whether it counts up."""

    value: float
    suffix: bytes = b""
    label: tuple[bytes, bytes] | None = None
    counts_up: bool = False


@dataclass(frozen=True, slots=True)
class NumberPoint:
    value: float | None

    def parts(self, *, is_counter: bool) -> list[SeriesPart]:
        if self.value is None:
            raise BadPoint("no value")
        return [SeriesPart(self.value, b"_total" if is_counter else b"", counts_up=is_counter)]


@dataclass(frozen=True, slots=True)
class PointTotals:
    count: int
    sum: float | None
    min: float | None = None
    max: float | None = None

    def parts(self) -> Iterator[SeriesPart]:
        yield SeriesPart(float(self.count), b"_count", counts_up=True)
        if self.sum is not None:
            yield SeriesPart(self.sum, b"_sum", counts_up=True)
        if self.min is not None:
            yield SeriesPart(self.min, b"_min")
        if self.max is not None:
            yield SeriesPart(self.max, b"_max")


@dataclass(frozen=True, slots=True)
class HistogramPoint:
    totals: PointTotals
    counts: Sequence[int]
    bounds: Sequence[float]

    def parts(self, *, is_counter: bool) -> list[SeriesPart]:
        counts, bounds = self.counts, self.bounds
        if not counts and not bounds:
            return list(self.totals.parts())
        if len(counts) != len(bounds) + 1:
            raise BadPoint(f"{len(counts)} buckets and {len(bounds)} bounds")
        if any(not low < high for low, high in pairwise(bounds)) or not all(map(math.isfinite, bounds)):
            raise BadPoint("bounds that do not ascend")
        return _classic(list(zip(bounds, counts, strict=False)), counts[-1], self.totals)


@dataclass(frozen=True, slots=True)
class Buckets:
    offset: int = 0
    counts: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class ExponentialPoint:
    totals: PointTotals
    scale: int
    zero_count: int
    zero_threshold: float
    positive: Buckets = field(default_factory=Buckets)
    negative: Buckets = field(default_factory=Buckets)

    def parts(self, *, is_counter: bool) -> list[SeriesPart]:
        if self.scale not in SCALES:
            raise BadPoint(f"scale {self.scale} is not from {SCALES[0]} to {SCALES[-1]}")
        above = self._count_by_exponent(self.positive, 1)
        below = self._count_by_exponent(self.negative, 0)
        # The upper bound of a bucket below zero is the end that is nearer to zero.
        counts = [(-_power(exponent), count) for exponent, count in sorted(below.items(), reverse=True)]
        counts.append((max(0.0, self.zero_threshold), self.zero_count))
        counts += [(_power(exponent), count) for exponent, count in sorted(above.items())]
        merged: Counter[float] = Counter()
        for bound, count in counts:
            merged[bound] += count
        beyond = merged.pop(math.inf, 0)
        return _classic(sorted(merged.items()), beyond, self.totals)

    def _count_by_exponent(self, buckets: Buckets, end: int) -> Counter[int]:
        """Counts by the end of their bucket, as an exponent of the fourth root of 2."""
        if len(buckets.counts) > MOST_BUCKETS:
            raise BadPoint(f"{len(buckets.counts)} buckets, more than {MOST_BUCKETS}")
        shift = self.scale - FINEST_SCALE
        by_exponent: Counter[int] = Counter()
        for index, count in enumerate(buckets.counts, buckets.offset):
            if not count:
                continue
            exponent = (index >> shift) + end if shift > 0 else (index + end) << -shift
            by_exponent[min(max(exponent, _LEAST), _GREATEST)] += count
        return by_exponent


@dataclass(frozen=True, slots=True)
class SummaryPoint:
    totals: PointTotals
    quantiles: Sequence[tuple[float, float]]

    def parts(self, *, is_counter: bool) -> list[SeriesPart]:
        if any(not 0 <= quantile <= 1 for quantile, _ in self.quantiles):
            raise BadPoint("a quantile that is not from 0 to 1")
        if len(self.quantiles) > MOST_BUCKETS:
            raise BadPoint(f"{len(self.quantiles)} quantiles, more than {MOST_BUCKETS}")
        values = [
            SeriesPart(value, label=(b"quantile", _number(quantile))) for quantile, value in self.quantiles
        ]
        return [*values, *self.totals.parts()]


type Figures = NumberPoint | HistogramPoint | ExponentialPoint | SummaryPoint


def _power(exponent: int) -> float:
    try:
        return math.ldexp(2 ** (exponent % _STEPS / _STEPS), exponent // _STEPS)
    except OverflowError:
        return math.inf


def _number(value: float) -> bytes:
    return repr(float(value)).encode()


def _classic(counts: list[tuple[float, int]], beyond: int, totals: PointTotals) -> list[SeriesPart]:
    """Parts of counts by the upper bound of their bucket, ascending. Contradictions are told with both sides."""
    if len(counts) > MOST_BUCKETS:
        raise BadPoint(f"{len(counts)} buckets, more than {MOST_BUCKETS}")
    total = sum(count for _, count in counts) + beyond
    if total != totals.count:
        raise BadPoint(f"buckets come to {total}, and count is {totals.count}")
    sums = accumulate(count for _, count in counts)
    buckets = [
        SeriesPart(float(count), b"_bucket", (b"le", _number(bound)), counts_up=True)
        for (bound, _), count in zip(counts, sums, strict=True)
    ]
    last = SeriesPart(float(total), b"_bucket", (b"le", b"+Inf"), counts_up=True)
    return [*buckets, last, *totals.parts()]
