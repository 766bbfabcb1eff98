"""A straight line through points, and how far the points lie off it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True, slots=True)
class TrendLine:
    """`spread` is the standard deviation of the residuals, in the unit of the values."""

    slope: float
    intercept: float
    spread: float


def fit(places: Sequence[float], values: Sequence[float]) -> TrendLine:
    count = len(places)
    mean_place, mean_value = sum(places) / count, sum(values) / count
    across = sum((place - mean_place) ** 2 for place in places)
    along = sum(
        (place - mean_place) * (value - mean_value) for place, value in zip(places, values, strict=True)
    )
    slope = along / across
    intercept = mean_value - slope * mean_place
    off = sum((value - intercept - slope * place) ** 2 for place, value in zip(places, values, strict=True))
    return TrendLine(slope, intercept, sqrt(off / (count - 2)))
