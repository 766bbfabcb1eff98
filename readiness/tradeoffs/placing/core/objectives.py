"""Objectives of a choice, the Pareto front over any of them, and optional improvements.

One option dominates another if it is no worse in every objective and better in at least one. A figure with a band
counts over its whole band: A dominates B only if A at its worst is no worse than B at its best in every objective, and
better in at least one. So an unknown figure never makes an option dominated. Equal options do not dominate each other.

A move from today's site is an optional improvement if today's site keeps every limit, the other site costs more a
month, and it is better only in objectives whose limit is declared and so already kept. Such a step is shown with its
price and never wins. If either cost is unknown, there is no such step.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from readiness.tradeoffs.moves.options import BandedFigure
from readiness.tradeoffs.units import difference, number, signed

Numbers = NDArray[np.float64]


class ObjectiveDirection(StrEnum):
    MIN = "min"
    MAX = "max"


class ScoredAgainst(StrEnum):
    SCALE = "scale"
    LIMIT = "limit"
    TODAY = "today"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Objective:
    """`scale` is the upper end of a fixed scale that begins at 0. `reference` is the value that scores one half, and
    `against` its origin. Without either the objective is unscored.
    """

    name: str
    direction: ObjectiveDirection = ObjectiveDirection.MIN
    scale: float | None = None
    reference: float | None = None
    against: ScoredAgainst = ScoredAgainst.NOTHING

    @property
    def is_scored(self) -> bool:
        return self.scale is not None or self.reference is not None


def referenced(
    objectives: Sequence[Objective], limits: Mapping[str, float], today: Mapping[str, BandedFigure]
) -> tuple[Objective, ...]:
    """The objectives with their reference: a fixed scale, else the declared limit, else today's figure."""
    return tuple(
        _referenced(objective, limits.get(objective.name), today.get(objective.name))
        for objective in objectives
    )


def _referenced(objective: Objective, limit: float | None, today: BandedFigure | None) -> Objective:
    if objective.scale is not None:
        return replace(objective, against=ScoredAgainst.SCALE)
    if limit is not None:
        return replace(objective, reference=limit, against=ScoredAgainst.LIMIT)
    if today is not None and today.value is not None:
        return replace(objective, reference=today.value, against=ScoredAgainst.TODAY)
    return objective


@dataclass(frozen=True, slots=True)
class ScoredOption:
    """One option with its figure for each objective by name; a missing figure is unknown."""

    name: str
    figures: Mapping[str, BandedFigure]


@dataclass(frozen=True, slots=True)
class OptionColumns:
    """Options as rows, objectives as columns, all turned so that less is better.

    `value` is NaN if unknown; `least` and `most` are then the ends of the band, infinite without a bound.
    """

    value: Numbers
    least: Numbers
    most: Numbers


def columns(options: Sequence[ScoredOption], objectives: Sequence[Objective]) -> OptionColumns:
    shape = (len(options), len(objectives))
    value, least, most = np.full(shape, np.nan), np.full(shape, -np.inf), np.full(shape, np.inf)
    for place, objective in enumerate(objectives):
        for row, option in enumerate(options):
            figure = option.figures.get(objective.name)
            if figure is None:
                continue
            if figure.value is not None:
                value[row, place] = figure.value
            least[row, place], most[row, place] = figure.least, figure.most
        if objective.direction is ObjectiveDirection.MAX:
            value[:, place] *= -1
            least[:, place], most[:, place] = -most[:, place], -least[:, place].copy()
    return OptionColumns(value, least, most)


def dominated(options: Sequence[ScoredOption], objectives: Sequence[Objective]) -> dict[str, str]:
    """Return each option that is not on the front, with the first option on the front that dominates it."""
    by = dominators(columns(options, objectives))
    return {option.name: options[who].name for option, who in zip(options, by, strict=True) if who >= 0}


def dominators(table: OptionColumns) -> NDArray[np.int64]:
    """Return for each row the first row on the front that dominates it, -1 for rows on the front.

    Dominance is transitive, also with bands, so a dominated row is dominated by one on the front.
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


TRIFLE = 0.01


@dataclass(frozen=True, slots=True)
class UnaskedStep:
    """`price` is the extra cost a month, in `unit`, between the two figures as written; `gains` are by objective, above
    0, each with its unit."""

    price: float
    unit: str
    gains: tuple[tuple[Objective, float, str], ...]

    @property
    def words(self) -> str:
        """`+6,352 EUR a month for 5.8 ms below a limit already met`."""
        gained = [
            f"{number(gain)} {unit.partition('/')[0]} {_side(objective)}"
            for objective, gain, unit in self.gains
        ]
        money = self.unit.replace("/", " a ")
        met = "a limit" if len(gained) == 1 else "limits"
        return f"{signed(self.price)} {money} for {' and '.join(gained)} {met} already met"


def _side(objective: Objective) -> str:
    return "above" if objective.direction is ObjectiveDirection.MAX else "below"


def step_of(
    before: Mapping[str, BandedFigure],
    after: Mapping[str, BandedFigure],
    objectives: Sequence[Objective],
    *,
    limited: Collection[str],
    derived: Collection[str] = (),
) -> UnaskedStep | None:
    """The step from `before`, which keeps every limit; None if it is not such a step.

    `objectives` are those that count, `limited` those with a declared limit, and `derived` those that follow from
    others.
    """
    cost_before, cost_after = before["cost"], after["cost"]
    if cost_before.value is None or cost_after.value is None or cost_after.value <= cost_before.value:
        return None
    gains = []
    for objective in objectives:
        if objective.name == "cost" or objective.name in derived:
            continue
        gain = _gain(objective, before.get(objective.name), after.get(objective.name))
        if objective.name not in limited and _is_trifle(gain, before.get(objective.name)):
            continue
        if gain > 0 and (objective.name not in limited or not math.isfinite(gain)):
            return None
        if gain > 0:
            gains.append((objective, gain, after[objective.name].unit))
    price = difference(cost_after.value, cost_before.value)
    return UnaskedStep(price, cost_after.unit, tuple(gains)) if gains else None


def _is_trifle(gain: float, before: BandedFigure | None) -> bool:
    """Whether nobody would pay for it: less than 1 % of today's figure, or only an unknown figure becoming known (our
    judgement)."""
    if before is None or before.value is None:
        return math.isinf(gain)
    return gain < TRIFLE * abs(before.value)


def _gain(objective: Objective, before: BandedFigure | None, after: BandedFigure | None) -> float:
    more = objective.direction is ObjectiveDirection.MAX
    value_before, value_after = (_counted(figure, more=more) for figure in (before, after))
    if value_before == value_after:
        return 0.0
    return max(value_after - value_before if more else value_before - value_after, 0.0)


def _counted(figure: BandedFigure | None, *, more: bool) -> float:
    if figure is None:
        return -math.inf if more else math.inf
    if figure.value is not None:
        return figure.value
    return figure.least if more else figure.most
