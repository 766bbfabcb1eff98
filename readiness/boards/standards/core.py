"""The quadrant *standard x flexible* of each layer where one can depend on somebody.

**Standard** is the share of objects without a waiver that keep to the standards in force, in percent. **Flexible** is
the chance, in percent, that two units picked at random are of different suppliers: 100 less the Herfindahl-Hirschman
index in percent (the Gini-Simpson index: E. H. Simpson, "Measurement of Diversity", Nature 163, 1949). One supplier
gives 0, two of equal size give 50.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from readiness.tradeoffs.flexibility.core import Concentration

STANDARD_FROM = 95.0
"""Percent from which a layer counts as standard: that of p4-standard-interfaces."""
FLEXIBLE_FROM = 50.0
"""Percent from which a layer counts as flexible: that of two equal suppliers. Operator-set default."""
PROVEN_WITHIN = timedelta(days=180)
"""How long a proof of an alternative counts, as in p4-flexibility-preserved."""


class Quadrant(StrEnum):
    BOTH = "both"
    LOCKED = "locked"
    SCATTERED = "scattered"
    NEITHER = "neither"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LayerArea:
    """A flexible area of a layer: what leaving costs, and its alternatives with the day of their last proof."""

    id: int
    name: str
    leaving: str
    proven_on: Sequence[date | None]

    def proven(self, on: date) -> int:
        return sum(day is not None and on - day <= PROVEN_WITHIN for day in self.proven_on)


@dataclass(frozen=True, slots=True)
class LayerStanding:
    """`conforming` and `counted` are objects now, `before` the percent 90 days ago."""

    id: str
    label: str
    conforming: int
    counted: int
    before: float | None
    concentration: Concentration
    areas: Sequence[LayerArea]

    @property
    def standard(self) -> float | None:
        return percent(self.conforming, self.counted)

    @property
    def flexible(self) -> float | None:
        hhi = self.concentration.hhi
        return None if hhi is None else 100 - hhi / 100

    @property
    def trend(self) -> float | None:
        if self.standard is None or self.before is None:
            return None
        return self.standard - self.before

    @property
    def quadrant(self) -> Quadrant:
        return quadrant(self.standard, self.flexible)

    @property
    def largest(self) -> tuple[str, float] | None:
        shares = sorted(self.concentration.shares.items(), key=lambda share: (-share[1], share[0]))
        return shares[0] if shares else None


def percent(conforming: int, counted: int) -> float | None:
    return 100 * conforming / counted if counted else None


def quadrant(standard: float | None, flexible: float | None) -> Quadrant:
    if standard is None or flexible is None:
        return Quadrant.UNKNOWN
    if standard >= STANDARD_FROM:
        return Quadrant.BOTH if flexible >= FLEXIBLE_FROM else Quadrant.LOCKED
    return Quadrant.SCATTERED if flexible >= FLEXIBLE_FROM else Quadrant.NEITHER


@dataclass(frozen=True, slots=True)
class ConformanceChange:
    """How many objects more or fewer conform, and count without a waiver, from an instant's day on."""

    on: date
    conforming: int
    counted: int


def drift(
    start: tuple[int, int], changes: Sequence[ConformanceChange], days: Sequence[date]
) -> list[float | None]:
    """The percent at the end of each day, from the numbers before the first one."""
    conforming, counted = start
    by_day: Mapping[date, list[ConformanceChange]] = {
        day: [change for change in changes if change.on == day] for day in {change.on for change in changes}
    }
    percents = []
    for day in days:
        for change in by_day.get(day, ()):
            conforming, counted = conforming + change.conforming, counted + change.counted
        percents.append(percent(conforming, counted))
    return percents
