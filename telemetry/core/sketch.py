"""Quantiles of classic histograms, and of a mergeable sketch: counts in buckets that grow by a fixed ratio, so that
a quantile is right to 1 % of its value.

DDSketch (Masson, Rim, Lee 2019, arXiv 1908.10693) without a limit on buckets: a value x > 0 is in bucket ceil(ln x / ln
gamma), which spans (gamma^(i-1), gamma^i], and is given back as the point that is within ALPHA of both ends. Buckets
are one range of integers, ordered as their values are: -(i + OFFSET) for negative values, 0 for zero, i + OFFSET for
positive ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

ALPHA = 0.01
GAMMA = (1 + ALPHA) / (1 - ALPHA)
LN_GAMMA = math.log(GAMMA)
# Larger than any |i| of a float64, so that the three ranges stay apart.
OFFSET = 65536


def bucket_of(values: ArrayLike) -> NDArray[np.int32]:
    numbers = np.asarray(values, dtype=np.float64)
    size = np.abs(numbers)
    # Replace 0 by 1 before the logarithm; its sign of 0 still gives bucket 0.
    steps = np.ceil(np.log(np.where(size == 0, 1.0, size)) / LN_GAMMA)
    return np.asarray(np.sign(numbers) * (steps + OFFSET), dtype=np.int32)


def value_of(buckets: ArrayLike) -> NDArray[np.float64]:
    numbers = np.asarray(buckets, dtype=np.int64)
    with np.errstate(over="ignore"):
        size = np.exp((np.abs(numbers) - OFFSET) * LN_GAMMA) * (2 / (GAMMA + 1))
    return np.where(numbers == 0, 0.0, np.sign(numbers) * np.minimum(size, np.finfo(np.float64).max))


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """Distinct buckets, ascending, and the number of values in each: the two arrays that a roll-up row stores."""

    buckets: NDArray[np.int32]
    counts: NDArray[np.int64]

    @classmethod
    def build(cls, values: ArrayLike) -> Sketch:
        numbers = np.asarray(values, dtype=np.float64)
        buckets, counts = np.unique(bucket_of(numbers[np.isfinite(numbers)]), return_counts=True)
        return cls(buckets, counts.astype(np.int64))

    @classmethod
    def from_arrays(cls, buckets: ArrayLike, counts: ArrayLike) -> Sketch:
        each = np.asarray(buckets, dtype=np.int32)
        weights = np.asarray(counts, dtype=np.int64)
        if each.shape != weights.shape or each.ndim != 1:
            raise ValueError("buckets and counts are not two lists of one length")
        if (weights < 0).any():
            raise ValueError("a bucket holds fewer than no values")
        distinct, group = np.unique(each, return_inverse=True)
        added = np.zeros(len(distinct), dtype=np.int64)
        np.add.at(added, group, weights)
        return cls(distinct[added > 0], added[added > 0])

    @property
    def count(self) -> int:
        return int(self.counts.sum())

    def quantile(self, q: float) -> float:
        """The value at rank floor(q (n - 1)) of the n sorted values, within ALPHA of it; NaN without values or for a
        wrong q."""
        if not self.count or not 0 <= q <= 1:
            return math.nan
        rank = math.floor(q * (self.count - 1))
        place = int(np.searchsorted(np.cumsum(self.counts), rank, side="right"))
        return float(value_of(self.buckets[place]))


def merge_all(sketches: Iterable[Sketch]) -> Sketch:
    parts = list(sketches)
    empty = Sketch(np.empty(0, np.int32), np.empty(0, np.int64))
    if not parts:
        return empty
    buckets = np.concatenate([part.buckets for part in parts])
    return Sketch.from_arrays(buckets, np.concatenate([part.counts for part in parts]))


def quantile_by_step(
    q: float, upper_bounds: ArrayLike, cumulative: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A quantile of many classic histograms, by the rules of Prometheus (promql/quantile.go, `bucketQuantile`).

    `cumulative` has a row for each histogram and a column for each bound; a NaN bucket was not sent and is skipped.
    Values are assumed to be evenly distributed in a bucket. The lowest bucket starts at 0, unless its bound is 0 or
    less, which then is the result; in the +Inf bucket the result is the highest finite bound. NaN without a +Inf
    bucket, with fewer than two buckets, or without observations. `q` below 0 gives -Inf, above 1 +Inf.
    """
    steps = len(cumulative)
    if np.isnan(q) or not 0 <= q <= 1:
        return np.full(steps, np.nan if np.isnan(q) else np.copysign(np.inf, q))
    bounds, counts = _merged(np.asarray(upper_bounds, dtype=np.float64), cumulative)
    if len(bounds) < 2 or bounds[-1] != np.inf:
        return np.full(steps, np.nan)
    # Buckets are scraped one after the other, so a later one may be smaller; NaN takes the count of the bucket
    # below.
    counts = np.maximum.accumulate(np.nan_to_num(counts, nan=0.0), axis=1)
    rank = q * counts[:, -1]
    place = np.argmax(counts >= rank[:, None], axis=1)
    row = np.arange(steps)
    below = np.maximum(place - 1, 0)
    start = np.where(place > 0, bounds[below], 0.0)
    under = np.where(place > 0, counts[row, below], 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = start + (bounds[place] - start) * (rank - under) / (counts[row, place] - under)
    answer = np.where(place == len(bounds) - 1, bounds[-2], inside)
    answer = np.where((place == 0) & (bounds[0] <= 0), bounds[0], answer)
    return np.where(counts[:, -1] > 0, answer, np.nan)


def _merged(
    bounds: NDArray[np.float64], counts: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ascending bounds, with equal ones added up (`1` and `1.0` are two labels but one bound)."""
    distinct, group = np.unique(bounds, return_inverse=True)
    if len(distinct) == len(bounds):
        return distinct, counts[:, np.argsort(bounds)]
    added = np.zeros((len(counts), len(distinct)))
    for column, target in enumerate(group):
        added[:, target] += np.nan_to_num(counts[:, column], nan=0.0)
    return distinct, added
