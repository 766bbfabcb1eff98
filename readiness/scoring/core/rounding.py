"""Rounding that adds up: halves always go up, and rounded parts make up their rounded whole."""

from collections.abc import Sequence
from math import floor


def half_up(value: float) -> int:
    """The nearest whole number. Halves go up, so that the difference of two rounded numbers is their rounded difference
    to within one; with halves to the even number it may be off by two."""
    return floor(value + 0.5)


def apportioned(parts: Sequence[float], whole: int) -> list[int]:
    """Each part as a whole number, down or up to the next one, so that together they are `whole` (largest remainder).

    `whole` is the sum of the parts, rounded in any way. A part of 0 stays 0; where floating point leaves `whole` one
    off, the largest part gives.
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
