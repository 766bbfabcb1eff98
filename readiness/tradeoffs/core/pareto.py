"""The Pareto front over any objectives, and for every dominated option by whom.

One option dominates another if it is no worse in every objective and better in at least one. A figure with a band is
taken over its whole band: A dominates B only if A at its worst is no worse than B at its best in every objective, and
better in at least one. So nothing is dominated for a figure that nobody knows: an option with an unknown objective is
dominated by none and dominates none, unless a band bounds it. Equal options do not dominate each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from readiness.tradeoffs.core.objectives import Objective, OptionColumns, ScoredOption, columns


@dataclass(frozen=True, slots=True)
class Front:
    """Options on the front in the order given, and each other option with the first on the front that dominates it."""

    on: tuple[str, ...]
    dominated_by: dict[str, str]


def front(options: Sequence[ScoredOption], objectives: Sequence[Objective]) -> Front:
    by = dominators(columns(options, objectives))
    return Front(
        tuple(option.name for option, who in zip(options, by, strict=True) if who < 0),
        {option.name: options[who].name for option, who in zip(options, by, strict=True) if who >= 0},
    )


def dominators(table: OptionColumns) -> NDArray[np.int64]:
    """Return for each row the first row on the front that dominates it, -1 for those on the front.

    To dominate is transitive, bands included, so that who is dominated at all is dominated by one on the front.
    """
    rows, objectives = table.least.shape
    if not rows or not objectives:
        return np.full(rows, -1, np.int64)
    no_worse = np.ones((rows, rows), np.bool_)
    better = np.zeros((rows, rows), np.bool_)
    for place in range(objectives):
        most, least = table.most[:, place, None], table.least[None, :, place]
        no_worse &= most <= least
        better |= most < least
    dominates = no_worse & better
    dominates[dominates.any(axis=0)] = False
    return np.where(dominates.any(axis=0), dominates.argmax(axis=0), -1).astype(np.int64)
