"""Steps that no limit asks for: moves away from a site that keeps every limit, at a price, for more of what is kept.

A move from today's site is such a step where today's site keeps every limit, a month costs more at the other, and the
other is better in nothing but objectives whose limit is declared, and so kept already. It is shown with its price and
is no win: nobody asked for it. Where either cost is unknown the price is, and nothing is said.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from readiness.tradeoffs.core.objectives import Objective, ObjectiveDirection
from readiness.tradeoffs.core.options import BandedFigure
from readiness.tradeoffs.core.words import number, signed


@dataclass(frozen=True, slots=True)
class UnaskedStep:
    """`price` is what a month costs more, in `unit`; `gains` are by objective, above 0, each with its unit."""

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
    """The step from `before`, which keeps every limit; None where it is no such step.

    `objectives` are those that count, `limited` names those that a limit is declared for, and `derived` those that only
    tell of others.
    """
    was, comes = before["cost"], after["cost"]
    if was.value is None or comes.value is None or comes.value <= was.value:
        return None
    gains = []
    for objective in objectives:
        if objective.name == "cost" or objective.name in derived:
            continue
        gain = _gain(objective, before.get(objective.name), after.get(objective.name))
        if gain > 0 and (objective.name not in limited or not math.isfinite(gain)):
            return None
        if gain > 0:
            gains.append((objective, gain, after[objective.name].unit))
    return UnaskedStep(comes.value - was.value, comes.unit, tuple(gains)) if gains else None


def _gain(objective: Objective, before: BandedFigure | None, after: BandedFigure | None) -> float:
    """How much better it is after, 0 where it is not; an unknown counts at the worse end of its band."""
    more = objective.direction is ObjectiveDirection.MAX
    was, comes = (_counted(figure, more=more) for figure in (before, after))
    if was == comes:
        return 0.0
    return max(comes - was if more else was - comes, 0.0)


def _counted(figure: BandedFigure | None, *, more: bool) -> float:
    if figure is None:
        return -math.inf if more else math.inf
    if figure.value is not None:
        return figure.value
    return figure.least if more else figure.most
