"""Rounded parts that add up to their rounded whole."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor


def apportioned(parts: Sequence[float], whole: int) -> list[int]:
    """Each part as a whole number, down or up to the next one, so that together they are `whole` (largest remainder).

    `whole` is the sum of the parts, rounded in any way.
    """
    found = [floor(part) for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda place: found[place] - parts[place])
    for place in by_remainder[: whole - sum(found)]:
        found[place] += 1
    return found
