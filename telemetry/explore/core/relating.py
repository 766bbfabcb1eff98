"""Arithmetic of two metrics over one axis of time: ratio, difference, and change from an earlier period."""

import numpy as np
from numpy.typing import NDArray

from telemetry.core.spec import SpecError

type Instants = NDArray[np.int64]
type Values = NDArray[np.float64]

RATIO, DIFFERENCE = "ratio", "difference"
SIGN = {RATIO: "A ÷ B", DIFFERENCE: "A − B"}


def related(relation: str, ts_ms: Instants, first: Values, second_ts_ms: Instants, second: Values) -> Values:
    """The relation at the first metric's instants; NaN where the second has no value, or nothing can be divided."""
    _, places, second_places = np.intersect1d(ts_ms, second_ts_ms, assume_unique=True, return_indices=True)
    beside = np.full(len(ts_ms), np.nan)
    beside[places] = second[second_places]
    if relation == DIFFERENCE:
        return first - beside
    return np.divide(first, beside, out=np.full(len(ts_ms), np.nan), where=beside != 0)


def unit_of(relation: str, first: str, second: str) -> str:
    """The unit of a ratio or difference: "%/MW", "kW per tokens/s". Raises SpecError."""
    if relation == DIFFERENCE:
        if first != second:
            units = f"{first or 'no unit'} and {second or 'no unit'}"
            raise SpecError("relation", f"a difference needs two metrics of one unit: these have {units}")
        return first
    if not second or first == second:
        return "" if second else first
    if not first:
        return f"per {second}"
    return f"{first} per {second}" if "/" in f"{first}{second}" else f"{first}/{second}"


def change(mean: float | None, earlier_mean: float | None, unit: str) -> tuple[float, str] | None:
    """How a mean changed: in points of a share, else in per cent; None if it cannot be said."""
    if mean is None or earlier_mean is None:
        return None
    if unit == "%":
        return mean - earlier_mean, "points"
    return (100 * (mean - earlier_mean) / abs(earlier_mean), "%") if earlier_mean else None
