"""Histograms of many points at once: columns of their totals and counts become values of the series of classic
histograms, by the rules of `points`.

The series of a histogram with bounds are a group, in the order of their parts. Which series an exponential one has
depends on its counts: they are found by numbers, the exponent of a bucket or a number of what is no such bucket.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from telemetry.core.known_series import OWN_NUMBERS, PlaceTable, find_places
from telemetry.formats.otlp.points import FINEST_SCALE, MOST_BUCKETS
from telemetry.formats.otlp.samples import OtlpMetric, PointColumns, PointSamples

type Whole = NDArray[np.int64]
# Reads a point by itself and gives the keys of its series.
type ReadPoint = Callable[[OtlpMetric, Any], Sequence[bytes]]

# Points are read together once they take so many bytes.
MOST_QUEUED_BYTES = 10_000_000
# Sums of so many counts of one point stay exact, as integers and as doubles.
MOST_COUNTED = 2**52 // MOST_BUCKETS
_NO_TABLE = PlaceTable()
# The bounds of these exponents are distinct, ordinary doubles.
_LEAST_EXPONENT, _GREATEST_EXPONENT = -4000, 4000
_ZERO, _INFINITY, _COUNT, _SUM, _MIN, _MAX = OWN_NUMBERS[:6]


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
    their buckets, one point after the other, as sums of all up to each: `sizes[i]` of point i, at least one. Sums may
    run over, because only differences count. Scales are those of `SCALES`."""

    scale: Whole
    offset: Whole
    zero_count: Whole
    running: Whole
    sizes: Whole
    is_countable: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ClassicBuckets:
    """Cumulative counts and the numbers of their series, one point after the other: `sizes[i]` of point i. Points that
    are not sound have counts that are too great for this way."""

    numbers: Whole
    counts: Whole
    sizes: Whole
    is_sound: NDArray[np.bool_]

    @classmethod
    def joined(cls, buckets: list[Self]) -> Self:
        if len(buckets) == 1:
            return buckets[0]
        columns = [(each.numbers, each.counts, each.sizes, each.is_sound) for each in buckets]
        return cls(*map(np.concatenate, zip(*columns, strict=True)))


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
    return ClassicBuckets(numbers, sums, sizes, are_countable(counts, begins))


def exponential_buckets(sent: ExponentialCounts) -> ClassicBuckets:
    offset, sizes = sent.offset, sent.sizes
    finer, coarser = np.maximum(sent.scale - FINEST_SCALE, 0), np.maximum(FINEST_SCALE - sent.scale, 0)
    running = np.concatenate(([0], sent.running))
    count_begins = np.cumsum(sizes) - sizes
    first = offset >> finer
    merged = ((offset + sizes - 1) >> finer) - first + 1
    # Before the buckets of a point comes that of zero, and behind them an empty one without a bound.
    lengths = merged + 2
    ends = np.cumsum(lengths)
    begins = ends - lengths
    point = np.repeat(np.arange(len(sizes)), merged)
    places = np.arange(len(point)) + 2 * point + 1
    index = places - (begins + 1 - first)[point]
    last_counts = np.minimum(((index + 1) << finer[point]) - offset[point], sizes[point])
    before = sent.zero_count - running[count_begins]
    cumulative, numbers = np.empty(ends[-1], np.int64), np.empty(ends[-1], np.int64)
    cumulative[places] = running[count_begins[point] + last_counts] + before[point]
    cumulative[begins] = sent.zero_count
    cumulative[ends - 1] = running[count_begins + sizes] + before
    numbers[places] = (index + 1) << coarser[point]
    numbers[begins], numbers[ends - 1] = _ZERO, _INFINITY
    is_series = np.diff(cumulative, prepend=0) > 0
    is_series[begins] = is_series[ends - 1] = True
    is_sound = sent.is_countable & (sizes < MOST_BUCKETS)
    is_sound &= (sent.zero_count >= 0) & (sent.zero_count < MOST_COUNTED)
    is_sound &= (first + 1) << coarser >= _LEAST_EXPONENT
    is_sound &= (first + merged) << coarser <= _GREATEST_EXPONENT
    series = np.add.reduceat(is_series.view(np.int8), begins, dtype=np.int64)
    series_places = np.flatnonzero(is_series)
    return ClassicBuckets(numbers[series_places], cumulative[series_places], series, is_sound)


def are_countable(counts: Whole, begins: Whole) -> NDArray[np.bool_]:
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


def summary_columns(totals: HistogramTotals, values: NDArray[np.float64], sizes: Whole) -> PointColumns:
    """The columns of summaries, of which point i has `sizes[i]` quantiles with a value each."""
    parts = sizes + 2
    ends = np.cumsum(parts)
    all_values, is_quantile = np.empty(ends[-1]), np.ones(ends[-1], np.bool_)
    is_quantile[ends - 2] = is_quantile[ends - 1] = False
    all_values[is_quantile], all_values[ends - 2], all_values[ends - 1] = values, totals.count, totals.sum
    return PointColumns(
        totals.start_ns,
        totals.time_ns,
        all_values,
        parts,
        np.zeros(len(sizes), np.int64),
        np.ones(len(sizes), np.bool_),
        totals.exemplars,
    )


def add_grouped(
    samples: PointSamples,
    points: list[tuple[OtlpMetric, Any]],
    groups: list[bytes],
    columns: PointColumns,
    read_point: ReadPoint,
) -> None:
    """Add points whose series are known; those that are not sound are read by themselves."""
    for place in np.flatnonzero(~columns.is_sound).tolist():
        read_point(*points[place])
    places = np.frombuffer(b"".join(groups), np.int32)
    samples.add_columns([metric for metric, _ in points], places, columns)


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
    all_tables = samples.series.tables
    tables = [all_tables.get(name, _NO_TABLE) for name in names]
    places, is_known = find_places(tables, columns.parts, numbers)
    ends = np.cumsum(columns.parts)
    for point in np.flatnonzero(~(columns.is_sound & is_known)).tolist():
        keys = read_point(*points[point])
        point_numbers = numbers[ends[point] - columns.parts[point] : ends[point]].tolist()
        if columns.is_sound[point] and len(keys) == len(point_numbers):
            samples.cache.put_table(names[point], dict(zip(point_numbers, keys, strict=True)))
    known_columns = replace(columns, is_sound=columns.is_sound & is_known)
    samples.add_columns([metric for metric, _ in points], places, known_columns)
