"""Weights to scores, by a formula that `static/js/ranking.js` repeats bit for bit.

For option i and objective j, less being better (an objective to maximise is negated first):

    from_j, to_j = the smallest and the largest known value among the options
    n_ij   = (to_j - x_ij) / (to_j - from_j), within 0..1; 1 for all if to_j = from_j     (1 is best)
    score_i = (w_1 n_i1 + w_2 n_i2 + …) / (w_1 + w_2 + …), summed from left to right
    points_i = floor(score_i * 1e9 + 0.5)

Options are feasible ones only. Ranks follow `points`, the most first; equal points share a rank (1, 1, 3) and stand in
the order of their names. A weight of 0 leaves its objective out.

**Unknowns.** An unknown figure counts at the worse end of its band, which is 0 where nothing bounds it, so that not to
know never helps; `low` and `high` are the points with every figure at the worse and the better end of its band, and
`best_rank` and `worst_rank` the ranks that are possible within these. Bands reach into 0..1 alone: what is beyond the
known values counts as the best or the worst of them, and where that makes two draw level the worst rank takes it that
the uncertain one may be behind, or ahead of the other. Where no option's value is known the objective says nothing, and
counts 0 to 1 for all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from readiness.tradeoffs.core.objectives import Columns, Numbers, Objective, Option, columns

ONE = 1_000_000_000
"""Points of a score of 1: ranks are decided at nine digits, so that rounding of the last bits decides none."""


class WeightError(ValueError):
    """Weights that rank nothing."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One option's place. Scores are points of `ONE`; `unknown` names the objectives that count and are unknown."""

    name: str
    rank: int
    points: int
    low: int
    high: int
    best_rank: int
    worst_rank: int
    unknown: tuple[str, ...]

    @property
    def score(self) -> float:
        return self.points / ONE

    @property
    def effect(self) -> str:
        """How what is unknown or estimated affects the rank, in words; empty where nothing does."""
        if not self.unknown:
            if self.best_rank == self.worst_rank:
                return ""
            return f"within the bands of the estimates rank {self.best_rank} to {self.worst_rank} is possible"
        names = ", ".join(self.unknown)
        if self.best_rank == self.worst_rank:
            return f"{names} unknown: rank {self.rank} whatever it is"
        return (
            f"{names} unknown: rank {self.rank} at its worst, {self.best_rank} to {self.worst_rank} possible"
        )


@dataclass(frozen=True, slots=True)
class Normalised:
    """The options within 0..1, 1 the best, as they count and at the ends of their bands."""

    counted: Numbers
    low: Numbers
    high: Numbers


def ranking(
    options: Sequence[Option], objectives: Sequence[Objective], weights: Mapping[str, float]
) -> tuple[Ranked, ...]:
    """The options by rank, then by name."""
    table = columns(options, objectives)
    within = normalised(table)
    weighed = in_order(objectives, weights)
    points, low, high = (
        points_of(part, weighed).tolist() for part in (within.counted, within.low, within.high)
    )
    ranks = [1 + above for above in _how_many_above(points, points)]
    best = [1 + above for above in _how_many_above(low, high)]
    worst = _worst_ranks(low, high, _uncertain(table, weighed))
    rows = [
        Ranked(
            option.name,
            ranks[row],
            points[row],
            low[row],
            high[row],
            best[row],
            worst[row],
            tuple(
                one.name
                for place, one in enumerate(objectives)
                if weighed[place] > 0 and math.isnan(table.value[row, place])
            ),
        )
        for row, option in enumerate(options)
    ]
    return tuple(sorted(rows, key=lambda one: (one.rank, one.name)))


def in_order(objectives: Sequence[Objective], weights: Mapping[str, float]) -> tuple[float, ...]:
    """The weights in the order of the objectives; one that is not named is 0."""
    named = {one.name for one in objectives}
    for name, weight in weights.items():
        if name not in named:
            raise WeightError(f"{name} is no objective here; there are {', '.join(sorted(named))}")
        if not math.isfinite(weight) or weight < 0:
            raise WeightError(f"the weight of {name} is {weight}; it has to be 0 or more")
    weighed = tuple(float(weights.get(one.name, 0.0)) for one in objectives)
    if not any(weighed):
        raise WeightError("at least one weight has to be above 0")
    return weighed


def normalised(table: Columns) -> Normalised:
    parts = [np.zeros(table.value.shape) for _ in range(3)]
    for place in range(table.value.shape[1]):
        value = table.value[:, place]
        known = value[~np.isnan(value)]
        if not known.size:
            parts[2][:, place] = 1.0
            continue
        best, worst = known.min(), known.max()
        counted = np.where(np.isnan(value), table.most[:, place], value)
        for part, column in zip(parts, (counted, table.most[:, place], table.least[:, place]), strict=True):
            part[:, place] = _within(column, best, worst)
    return Normalised(*parts)


def _within(column: Numbers, best: float, worst: float) -> Numbers:
    if worst == best:
        # All that is known is equal: what is not worse counts as 1, what may be worse as 0.
        return np.where(column <= best, 1.0, 0.0)
    clipped = np.clip(column, best, worst)
    return (worst - clipped) / (worst - best)


def points_of(within: Numbers, weighed: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Points of each option. Summed objective by objective: any other order differs in the last bits."""
    total, above = 0.0, np.zeros(within.shape[0])
    for place, weight in enumerate(weighed):
        if weight > 0:
            total += weight
            above = above + weight * within[:, place]
    return np.floor(above / total * ONE + 0.5).astype(np.int64)


def _uncertain(table: Columns, weighed: Sequence[float]) -> list[bool]:
    """Which options have a figure that counts and has a band, or is unknown."""
    counts = np.asarray(weighed) > 0
    banded: list[bool] = (table.least != table.most)[:, counts].any(axis=1).tolist()
    return banded


def _worst_ranks(low: Sequence[int], high: Sequence[int], uncertain: Sequence[bool]) -> list[int]:
    """One more than the rivals that may stand above.

    Drawing level is above where one of the two is uncertain: its figure may lie beyond the ends that count.
    """
    level = [one for one, doubt in zip(high, uncertain, strict=True) if doubt]
    above, at_least = _how_many_above(high, low), _how_many_above(high, [one - 1 for one in low])
    doubtful = _how_many_above(level, [one - 1 for one in low])
    doubtful_above = _how_many_above(level, low)
    return [
        # An uncertain option is itself among those that are level with its worse end or above.
        at_least[row] if doubt else 1 + above[row] + doubtful[row] - doubtful_above[row]
        for row, doubt in enumerate(uncertain)
    ]


def _how_many_above(those: Sequence[int], than: Sequence[int]) -> list[int]:
    """For each of `than`, how many of `those` are above it."""
    ordered = np.sort(np.asarray(those, np.int64))
    return [len(those) - int(one) for one in np.searchsorted(ordered, np.asarray(than, np.int64), "right")]
