"""Turns what an exporter prints into what is stored: blanks become missing, units become ours."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemetry.core.columns import is_stale


def clean(
    values: NDArray[np.float64],
    *,
    scale: ArrayLike = 1.0,
    missing_from: ArrayLike = np.inf,
    missing_below: ArrayLike = -np.inf,
    zero_is_missing: ArrayLike = False,
) -> NDArray[np.float64]:
    """Values times `scale`, NaN where there was no reading; the rules may differ per value (arrays) or not (scalars).

    No reading: at or above `missing_from`, below `missing_below`, or 0 where 0 means no sensor. An infinite value is
    kept unless a finite bound excludes it. Stale markers come out with their bits as they were.
    """
    stale = is_stale(values)
    with np.errstate(invalid="ignore", over="ignore"):
        high = np.asarray(missing_from)
        blank = ((values >= high) & np.isfinite(high)) | (values < np.asarray(missing_below))
        blank |= np.asarray(zero_is_missing, dtype=np.bool_) & (values == 0)
        cleaned = np.where(blank, np.nan, values * np.asarray(scale))
    # Arithmetic sets the quiet bit of a NaN, and a stale marker is one without it.
    cleaned.view(np.uint64)[stale] = values.view(np.uint64)[stale]
    return cleaned
