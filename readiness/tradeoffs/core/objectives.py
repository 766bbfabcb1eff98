"""Objectives of a choice, and the options as columns of numbers: what fronts, ranks and flips are computed from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from readiness.tradeoffs.core.options import BandedFigure

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
    """`scale` is the upper end of a fixed scale that begins at 0. `reference` is what scores one half, and `against`
    says where it comes from. Without either the objective is unscored.
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
    """The objectives with what they are scored against: a fixed scale, else the declared limit, else today's figure."""
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
    """One option with its figure for each objective by name; one that is not there is unknown."""

    name: str
    figures: Mapping[str, BandedFigure]


@dataclass(frozen=True, slots=True)
class OptionColumns:
    """Options down, objectives across, every objective turned so that less is better.

    `value` is NaN where it is unknown; `least` and `most` are then the ends of the band, infinite where nothing bounds.
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
