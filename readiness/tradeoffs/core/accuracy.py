"""Expected against realised: how far a decision's forecast was off, one by one and over many.

- **error** is realised less expected, in the objective's unit: above 0 it came to more than was expected.
- **percent error** is 100 x error / |realised|, without value where nothing was realised. Percentage errors are of what
  came (R. J. Hyndman and A. B. Koehler, "Another look at measures of forecast accuracy", International Journal of
  Forecasting 22, 2006, section 2.2), so that the mean of their sizes is the **MAPE**.
- **WAPE** is 100 x sum |error| / sum |realised|: small decisions do not outweigh large ones, and one that came to
  nothing counts (S. Kolassa and W. Schütz, "Advantages of the MAD/Mean ratio over the MAPE", Foresight 6, 2007).
- **bias** is 100 x sum error / sum |realised|: whether forecasts lean one way.
- **within band** is whether what came lay between the ends that were forecast.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from readiness.tradeoffs.core.options import BandedFigure, FigureError


@dataclass(frozen=True, slots=True)
class Comparison:
    """One objective of one decision. What is None cannot be said, because a side is unknown or nothing was realised."""

    objective: str
    expected: BandedFigure
    realised: BandedFigure
    error: float | None
    percent: float | None
    within_band: bool | None

    @property
    def absolute_percent(self) -> float | None:
        return None if self.percent is None else abs(self.percent)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """One objective over many decisions; `unknown` counts those that could not be compared.

    `mape` leaves out the `without_percent` that came to nothing; `wape` and `bias` count them. `within_band` is the
    share of the forecasts that gave a band which held what came.
    """

    objective: str
    compared: int
    unknown: int
    without_percent: int
    mape: float | None
    wape: float | None
    bias: float | None
    within_band: float | None


def compare(objective: str, expected: BandedFigure, realised: BandedFigure) -> Comparison:
    if expected.value is None or realised.value is None:
        return Comparison(objective, expected, realised, None, None, None)
    if expected.unit != realised.unit:
        raise FigureError(f"{objective}: expected in {expected.unit}, realised in {realised.unit}")
    error = realised.value - expected.value
    percent = 100 * error / abs(realised.value) if realised.value else None
    within = None
    if expected.low is not None or expected.high is not None:
        within = expected.least <= realised.value <= expected.most
    return Comparison(objective, expected, realised, error, percent, within)


def accuracy(comparisons: Iterable[Comparison]) -> tuple[Accuracy, ...]:
    by_objective: dict[str, list[Comparison]] = {}
    for comparison in comparisons:
        by_objective.setdefault(comparison.objective, []).append(comparison)
    return tuple(_accuracy(name, found) for name, found in sorted(by_objective.items()))


def _accuracy(objective: str, comparisons: Sequence[Comparison]) -> Accuracy:
    pairs = [(comparison.error, comparison.realised.value) for comparison in comparisons]
    compared = [(error, came) for error, came in pairs if error is not None and came is not None]
    units = {comparison.realised.unit for comparison in comparisons if comparison.error is not None}
    if len(units) > 1:
        raise FigureError(f"{objective}: decisions in {' and '.join(sorted(units))} do not add up")
    percents = [
        comparison.absolute_percent for comparison in comparisons if comparison.absolute_percent is not None
    ]
    bands = [comparison.within_band for comparison in comparisons if comparison.within_band is not None]
    came_to = math.fsum(abs(came) for _, came in compared)
    return Accuracy(
        objective,
        len(compared),
        len(comparisons) - len(compared),
        len(compared) - len(percents),
        math.fsum(percents) / len(percents) if percents else None,
        100 * math.fsum(abs(error) for error, _ in compared) / came_to if came_to else None,
        100 * math.fsum(error for error, _ in compared) / came_to if came_to else None,
        sum(bands) / len(bands) if bands else None,
    )
