"""Histograms of many points at once: columns of their totals and counts become values of the series of classic
histograms, by the rules of `points`.

The series of a histogram with bounds are a group, in the order of their parts. Which series an exponential one has
depends on its counts: they are found by numbers, the exponent of a bucket or a number of what is no such bucket.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemetry.formats.otlp.points import FINEST_SCALE, MOST_BUCKETS
from telemetry.formats.otlp.samples import OtlpMetric, PointColumns, PointSamples

type Whole = NDArray[np.int64]
# Reads a point by itself and gives the keys of its series.
type ReadPoint = Callable[[OtlpMetric, Any], Sequence[bytes]]

# Points are read together once they take so many bytes.
MOST_QUEUED_BYTES = 10_000_000
# Sums of so many counts of one point stay exact, as integers and as doubles.
MOST_COUNTED = 2**52 // MOST_BUCKETS
# The bounds of these exponents are distinct, ordinary doubles.
_LEAST_EXPONENT, _GREATEST_EXPONENT = -4000, 4000
_ZERO, _INFINITY, _COUNT, _SUM, _MIN, _MAX = range(1_000_000, 1_000_006)


@dataclass(frozen=True, slots=True)
class HistogramTotals:
    """The numbers that histograms of both kinds have, a row for each point."""

    start_ns: NDArray[np.uint64]
    time_ns: NDArray[np.uint64]
    count: Whole
    sum: NDArray[np.float64]
    min: NDArray[np.float64]
    max: NDArray[np.float64]
    has_extremes: NDArray[np.bool_]
    exemplars: Whole


@dataclass(frozen=True, slots=True)
class ExponentialCounts:
    """Exponential histograms that count nothing below zero and whose threshold is 0, a row for each, and the counts of
    their buckets, one point after the other: `sizes[i]` of point i, at least one. Scales are those of `SCALES`."""

    scale: Whole
    offset: Whole
    zero_count: Whole
    counts: Whole
    sizes: Whole


@dataclass(frozen=True, slots=True)
class ClassicBuckets:
    """Cumulative counts and the numbers of their series, one point after the other: `sizes[i]` of point i. Points that
    are not sound have counts that are too great for this way."""

    numbers: Whole
    counts: Whole
    sizes: Whole
    is_sound: NDArray[np.bool_]


def queued_bytes(sent: int, counts: int) -> int:
    """The memory that a point takes until it is read with others: what is sent of it, twice, and its counts in some
    twelve columns."""
    return 2 * sent + 100 * counts


def explicit_buckets(counts: Whole, sizes: Whole) -> ClassicBuckets:
    """The buckets of histograms with bounds, of which point i has `sizes[i]` counts, at least one."""
    begins = np.cumsum(sizes) - sizes
    sums = np.cumsum(counts)
    sums -= np.repeat(sums[begins] - counts[begins], sizes)
    numbers = np.arange(len(counts)) - np.repeat(begins, sizes)
    return ClassicBuckets(numbers, sums, sizes, _are_countable(counts, begins))


def exponential_buckets(sent: ExponentialCounts) -> ClassicBuckets:
    counts, offset, sizes = sent.counts, sent.offset, sent.sizes
    finer, coarser = np.maximum(sent.scale - FINEST_SCALE, 0), np.maximum(FINEST_SCALE - sent.scale, 0)
    count_begins = np.cumsum(sizes) - sizes
    first = offset >> finer
    merged = ((offset + sizes - 1) >> finer) - first + 1
    point = np.repeat(np.arange(len(sizes)), merged)
    index = np.arange(len(point)) + (first - np.cumsum(merged) + merged)[point]
    cuts = count_begins[point] + np.maximum((index << finer[point]) - offset[point], 0)
    # Before the buckets of a point comes that of zero, and behind them an empty one without a bound.
    lengths = merged + 2
    ends = np.cumsum(lengths)
    begins, places = ends - lengths, np.arange(len(point)) + 2 * point + 1
    sums, numbers = np.zeros(ends[-1], np.int64), np.empty(ends[-1], np.int64)
    sums[places], numbers[places] = np.add.reduceat(counts, cuts), (index + 1) << coarser[point]
    sums[begins], numbers[begins], numbers[ends - 1] = sent.zero_count, _ZERO, _INFINITY
    is_series = sums > 0
    is_series[begins] = is_series[ends - 1] = True
    cumulative = np.cumsum(sums)
    cumulative -= np.repeat(cumulative[begins] - sent.zero_count, lengths)
    is_sound = _are_countable(counts, count_begins) & (sizes < MOST_BUCKETS)
    is_sound &= (sent.zero_count >= 0) & (sent.zero_count < MOST_COUNTED)
    is_sound &= (first + 1) << coarser >= _LEAST_EXPONENT
    is_sound &= (first + merged) << coarser <= _GREATEST_EXPONENT
    series = np.add.reduceat(is_series.astype(np.int64), begins)
    return ClassicBuckets(numbers[is_series], cumulative[is_series], series, is_sound)


def _are_countable(counts: Whole, begins: Whole) -> NDArray[np.bool_]:
    greatest, least = np.maximum.reduceat(counts, begins), np.minimum.reduceat(counts, begins)
    return np.asarray((least >= 0) & (greatest < MOST_COUNTED))


def histogram_columns(totals: HistogramTotals, buckets: ClassicBuckets) -> tuple[Whole, PointColumns]:
    """The numbers of all series of these points, and their columns. Sound points are those whose buckets come to their
    count."""
    sizes, has_extremes = buckets.sizes, totals.has_extremes
    parts = sizes + 2 + 2 * has_extremes
    ends = np.cumsum(parts)
    begins = ends - parts
    bucket_places = np.arange(len(buckets.counts)) + np.repeat(begins - np.cumsum(sizes) + sizes, sizes)
    count_places = begins + sizes
    min_places = count_places[has_extremes] + 2
    values, numbers = np.empty(ends[-1]), np.empty(ends[-1], np.int64)
    for places, part_values, part_numbers in (
        (bucket_places, buckets.counts, buckets.numbers),
        (count_places, totals.count, _COUNT),
        (count_places + 1, totals.sum, _SUM),
        (min_places, totals.min[has_extremes], _MIN),
        (min_places + 1, totals.max[has_extremes], _MAX),
    ):
        values[places], numbers[places] = part_values, part_numbers
    is_sound = buckets.is_sound & (values[count_places - 1] == totals.count)
    columns = PointColumns(
        totals.start_ns, totals.time_ns, values, parts, sizes + 2, is_sound, totals.exemplars
    )
    return numbers, columns


def add_grouped(
    samples: PointSamples,
    points: list[tuple[OtlpMetric, Any]],
    groups: list[tuple[bytes, ...]],
    columns: PointColumns,
    read_point: ReadPoint,
) -> None:
    """Add points whose series are known; those that are not sound are read by themselves."""
    for place in np.flatnonzero(~columns.is_sound).tolist():
        read_point(*points[place])
    keys = [key for group in groups for key in group]
    samples.add_columns([metric for metric, _ in points], keys, columns)


def add_numbered(
    samples: PointSamples,
    points: list[tuple[OtlpMetric, Any]],
    names: list[bytes],
    numbers: Whole,
    columns: PointColumns,
    read_point: ReadPoint,
) -> None:
    """Add points whose series are known by a name of the point and by numbers. Those that are not sound, or of which a
    series is new, are read by themselves; the series of the latter are known from then on."""
    cache, all_numbers, is_sound = samples.cache, numbers.tolist(), columns.is_sound.tolist()
    keys: list[bytes] = []
    begin = 0
    for place, end in enumerate(np.cumsum(columns.parts).tolist()):
        name, point_numbers = names[place], all_numbers[begin:end]
        begin = end
        if is_sound[place]:
            table = cache.tables.get(name, {})
            try:
                keys += [table[number] for number in point_numbers]
                continue
            except KeyError:
                is_sound[place] = False
                point_keys = read_point(*points[place])
                if len(point_keys) == len(point_numbers):
                    cache.put_table(name, dict(zip(point_numbers, point_keys, strict=True)))
        else:
            read_point(*points[place])
        keys += [b""] * len(point_numbers)
    sound_columns = replace(columns, is_sound=np.array(is_sound, np.bool_))
    samples.add_columns([metric for metric, _ in points], keys, sound_columns)
