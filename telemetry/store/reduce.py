"""Reduces parts to steps: arithmetic only. A part is a window of a roll-up or a single sample; `row` says whose it is.

Groups are told apart by one number, row times steps plus step, and come out ascending.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telemetry.core.sketch import value_of
from telemetry.core.spec import Aggregation

type Keys = NDArray[np.int64]
type Numbers = NDArray[np.float64]

_ADDED = {Aggregation.SUM, Aggregation.COUNT, Aggregation.INCREASE}


@dataclass(frozen=True, slots=True, eq=False)
class SummandParts:
    """`first` and `second` are what the aggregation needs of each part, see `statements.COLUMNS`."""

    key: Keys
    first: Numbers
    second: Numbers


def together(parts: list[SummandParts]) -> SummandParts:
    return SummandParts(
        np.concatenate([part.key for part in parts]),
        np.concatenate([part.first for part in parts]),
        np.concatenate([part.second for part in parts]),
    )


def reduce(aggregation: Aggregation, parts: SummandParts) -> tuple[Keys, Numbers]:
    """One value per key, from `first`: its sum over that of `second`, its sum, its extreme, or the one of the largest
    `second`. NaN says nothing, and is the answer where nothing is said."""
    order = np.lexsort((parts.second, parts.key))
    key, first, second = parts.key[order], parts.first[order], parts.second[order]
    keys, starts = np.unique(key, return_index=True)
    if not len(keys):
        return keys, first
    known = ~np.isnan(first)
    if aggregation in (Aggregation.AVG, Aggregation.RATE):
        total = np.add.reduceat(np.where(known, first, 0.0), starts)
        weight = np.add.reduceat(np.where(known, second, 0.0), starts)
        return keys, np.divide(total, weight, out=np.full(len(keys), np.nan), where=weight > 0)
    if aggregation in _ADDED:
        total = np.add.reduceat(np.where(known, first, 0.0), starts)
        return keys, np.where(np.logical_or.reduceat(known, starts), total, np.nan)
    if aggregation is Aggregation.MIN:
        return keys, np.fmin.reduceat(first, starts)
    if aggregation is Aggregation.MAX:
        return keys, np.fmax.reduceat(first, starts)
    key, first = key[known], first[known]
    last = np.full(len(keys), np.nan)
    # Later ones overwrite earlier ones.
    last[np.searchsorted(keys, key)] = first
    return keys, last


def quantiles(key: Keys, bucket: Keys, count: Keys, q: float) -> tuple[Keys, Numbers]:
    order = np.lexsort((bucket, key))
    key, bucket, count = key[order], bucket[order], count[order]
    keys, starts = np.unique(key, return_index=True)
    if not len(keys):
        return keys, np.empty(0)
    running = np.cumsum(count)
    before = running[starts] - count[starts]
    totals = np.add.reduceat(count, starts)
    ranks = np.floor(q * (totals - 1)).astype(np.int64)
    return keys, value_of(bucket[np.searchsorted(running, before + ranks, side="right")])
