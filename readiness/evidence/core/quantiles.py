"""Quantiles over several days from the sketches that were kept for each of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

from telemetry.core.sketch import Sketch, value_of

type Day = tuple[list[int], list[int]]
"""The buckets and counts of one day's sketch."""


def merged_quantiles(q: float, things: Sequence[Iterable[Day]]) -> list[float | None]:
    """Return for each thing the quantile of all samples of its days, exact to the sketch's error; None if there are
    none.

    Of all of them at once, since there are thousands and each is small: their buckets are put in order thing by thing,
    and each quantile is the bucket at which the samples counted so far pass its rank (telemetry.core.sketch has it).
    """
    days = [(place, day) for place, each in enumerate(things) for day in each]
    things_of = np.repeat([place for place, _ in days], [len(buckets) for _, (buckets, _) in days]).astype(
        np.int64
    )
    buckets = np.fromiter(chain.from_iterable(buckets for _, (buckets, _) in days), np.int64)
    counts = np.fromiter(chain.from_iterable(counts for _, (_, counts) in days), np.int64)
    order = np.lexsort((buckets, things_of))
    passed = np.cumsum(counts[order])
    samples = np.zeros(len(things), np.int64)
    np.add.at(samples, things_of, counts)
    ranks = np.floor(q * (samples - 1)).astype(np.int64) + np.cumsum(samples) - samples
    known = np.flatnonzero(samples)
    places = np.searchsorted(passed, ranks[known], side="right")
    values = value_of(buckets[order][places]).tolist()
    quantiles: list[float | None] = [None] * len(things)
    for place, value in zip(known.tolist(), values, strict=True):
        quantiles[place] = value
    return quantiles


def share_at_most(limit: float, sketch: Sketch) -> float | None:
    """Which part of the values, 0 to 1, is at the limit or below it; None of no values.

    A value within 1 % of the limit may be taken for one on its other side: that is the sketch's error.
    """
    if not sketch.count:
        return None
    return float(sketch.counts[value_of(sketch.buckets) <= limit].sum()) / sketch.count
