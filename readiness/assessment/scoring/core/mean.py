"""The score of several sites: the mean by deployed kW, and the plain mean.

A site without deployed capacity carries no load, so it does not count by kW; if no site has any, there is no such
score. Both are sums divided once, so that parts (the sites of one verdict, of one day) add up before the division. Also
here: rounding that adds up, and a line through points.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, sqrt

BY_KW = "Score, by deployed kW"
PLAIN = "Plain mean of sites"
NO_KW = "No site here has deployed capacity, so there is no score by deployed kW."


@dataclass(frozen=True, slots=True)
class Sums:
    """Sites with a score: their number, the sum of scores, their kW, and the sum of score times kW."""

    sites: int = 0
    total: float = 0.0
    kw: float = 0.0
    weighed: float = 0.0

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.sites + other.sites,
            self.total + other.total,
            self.kw + other.kw,
            self.weighed + other.weighed,
        )

    @property
    def kw_weighted(self) -> float | None:
        return self.weighed / self.kw if self.kw > 0 else None

    @property
    def plain(self) -> float | None:
        return self.total / self.sites if self.sites else None


def sums_of(sites: Iterable[tuple[float | None, float]]) -> Sums:
    scored = [(score, max(kw, 0.0)) for score, kw in sites if score is not None]
    return sum((Sums(1, score, kw, score * kw) for score, kw in scored), Sums())


def half_up(value: float) -> int:
    """Round to the nearest whole number, halves up, so that the difference of two rounded numbers is within one of the
    rounded difference; with halves to the even number it may be off by two."""
    return floor(value + 0.5)


def apportioned(parts: Sequence[float], whole: int) -> list[int]:
    """Round each part down or up so that together they are `whole` (largest remainder).

    `whole` is the sum of the parts, rounded in any way. A part of 0 stays 0; if floating point leaves `whole` one off,
    the largest part absorbs it.
    """
    rounded = [floor(part) for part in parts]
    left = whole - sum(rounded)
    step = 1 if left > 0 else -1

    def order(place: int) -> tuple[bool, float, float]:
        part = parts[place]
        return part == 0, step * (rounded[place] - part), -abs(part)

    for place in sorted(range(len(parts)), key=order)[: abs(left)]:
        rounded[place] += step
    return rounded


@dataclass(frozen=True, slots=True)
class TrendLine:
    """`spread` is the standard deviation of the residuals, in the unit of the values."""

    slope: float
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
    return TrendLine(slope, sqrt(off / (count - 2)))
