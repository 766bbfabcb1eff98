"""Quantiles over several days from the sketches that were kept for each of them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from telemetry.core.sketch import Sketch, merge_all


def merged_quantile(q: float, days: Iterable[tuple[list[int], list[int]]]) -> float | None:
    """The quantile of all samples of the days, exact to the sketch's error; None if there are none.

    `days` holds the buckets and counts of each day's sketch.
    """
    sketches = [
        Sketch.from_arrays(np.asarray(buckets, np.int32), np.asarray(counts, np.int64))
        for buckets, counts in days
    ]
    merged = merge_all(sketches)
    return float(merged.quantile(q)) if merged.count else None
