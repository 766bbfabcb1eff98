"""Quantiles of classic histograms, by the rules of Prometheus (promql/quantile.go, `bucketQuantile`).

Values are taken to lie evenly in their bucket; the lowest bucket starts at 0 unless its bound is 0 or less,
then its bound is the answer; in the +Inf bucket the answer is the highest finite bound. No +Inf bucket, fewer
than two buckets, or no observation: NaN. `q` below 0 gives -Inf, above 1 +Inf.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def quantile_by_step(
    q: float, upper_bounds: ArrayLike, cumulative: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Work out a quantile of many histograms: one row of `cumulative` for each, one column per bound. A bucket of NaN
    was not sent: it is skipped."""
    steps = len(cumulative)
    if np.isnan(q) or not 0 <= q <= 1:
        return np.full(steps, np.nan if np.isnan(q) else np.copysign(np.inf, q))
    bounds, counts = _merged(np.asarray(upper_bounds, dtype=np.float64), cumulative)
    if len(bounds) < 2 or bounds[-1] != np.inf:
        return np.full(steps, np.nan)
    # Buckets are scraped one after the other, so a later one may be smaller; NaN takes the count of the one
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
    """Ascending bounds, equal ones added up (`1` and `1.0` are two labels but one bound)."""
    distinct, group = np.unique(bounds, return_inverse=True)
    if len(distinct) == len(bounds):
        return distinct, counts[:, np.argsort(bounds)]
    added = np.zeros((len(counts), len(distinct)))
    for column, target in enumerate(group):
        added[:, target] += np.nan_to_num(counts[:, column], nan=0.0)
    return distinct, added
