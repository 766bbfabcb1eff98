"""The score of several sites: their mean by deployed kW, and beside it the plain mean.

A site without deployed capacity carries no load, so it does not count by kW; where no site has any, there is no such
score. Both are sums divided once, so that parts (the sites of one verdict, of one day) add up before they are divided.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

BY_KW = "Score, by deployed kW"
PLAIN = "Plain mean of sites"
NO_KW = "No site here has deployed capacity, so there is no score by deployed kW."


@dataclass(frozen=True, slots=True)
class Sums:
    """The sites that have a score: how many, the sum of their scores, their kW, and the sum of score times kW."""

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
    def by_kw(self) -> float | None:
        return self.weighed / self.kw if self.kw > 0 else None

    @property
    def plain(self) -> float | None:
        return self.total / self.sites if self.sites else None


def sums_of(sites: Iterable[tuple[float | None, float]]) -> Sums:
    scored = [(score, max(kw, 0.0)) for score, kw in sites if score is not None]
    return sum((Sums(1, score, kw, score * kw) for score, kw in scored), Sums())
