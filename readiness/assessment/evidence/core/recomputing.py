"""Comparisons of a printed number with the one that the file's other numbers give."""

import math
from collections.abc import Iterable, Mapping
from itertools import pairwise

from readiness.assessment.evidence.core.documents import number_of

FLOAT_ERROR = 1e-9
"""Relative error that arithmetic on printed numbers may add."""


def half_unit(text: str) -> float:
    """Half a unit of the last printed digit: 0.005 for `12.34`, 50 for `1.2e3`. Infinite if the text is no number.

    >>> half_unit("12.34")
    0.005
    """
    text = text.strip().lower()
    if number_of(text) is None:
        return math.inf
    mantissa, _, exponent = text.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return float(f"5e{int(exponent or 0) - decimals - 1}")


def differ(printed: float, expected: float, tolerance: float) -> bool:
    return abs(printed - expected) > tolerance + FLOAT_ERROR * max(abs(printed), abs(expected))


def rate_differs(rate: str, time: str, work: float) -> bool:
    """Whether a printed rate is not this work over the printed time, whatever digits were not printed.

    >>> rate_differs("25.0", "4.00", 100.0), rate_differs("26.0", "4.00", 100.0)
    (False, True)
    """
    printed, seconds = number_of(rate), number_of(time)
    if printed is None or seconds is None or work <= 0:
        return True
    slowest = work / (seconds + half_unit(time)) - half_unit(rate)
    shortest = seconds - half_unit(time)
    fastest = work / shortest + half_unit(rate) if shortest > 0 else math.inf
    return not slowest * (1 - FLOAT_ERROR) <= printed <= fastest * (1 + FLOAT_ERROR)


def disagreement(what: str, printed: str, expected: str) -> str:
    """The sentence for a contradiction; both figures carry their unit.

    >>> disagreement("bandwidth at 8 B", "4,736 GB/s", "473.6 GB/s")
    'The bandwidth at 8 B is 4,736 GB/s in the file, but its other figures give 473.6 GB/s.'
    """
    return f"The {what} is {printed} in the file, but its other figures give {expected}."


def rate_disagreement(what: str, rate: float, amount: float, seconds: float, unit: str) -> str:
    """Say that a rate is not the amount over the time; empty if it is, to the rounding of the numbers."""
    if seconds <= 0:
        return ""
    expected = amount / seconds
    tolerance = half_unit(repr(rate)) + expected * half_unit(repr(seconds)) / seconds
    if not differ(rate, expected, tolerance):
        return ""
    return disagreement(what, f"{rate:.6g} {unit}", f"{expected:.6g} {unit}")


def falling(what: str, value_by_rank: Mapping[float, float], unit: str, *, slack: float = 0.0) -> str:
    """Say that a percentile is below a lower one; empty if none is. Rank 0 is the minimum, 100 the maximum. `slack` is
    the share by which a tool that counts in buckets may be off."""
    for (lower, below), (higher, value) in pairwise(sorted(value_by_rank.items())):
        tolerance = half_unit(repr(below)) + half_unit(repr(value)) + slack * below
        if value < below and differ(value, below, tolerance):
            return (
                f"The {_rank(higher)} of the {what} is {value:.6g} {unit} in the file, below its {_rank(lower)} of "
                f"{below:.6g} {unit}."
            )
    return ""


def out_of_range(what: str, value: float, least: float | None, most: float | None, unit: str) -> str:
    """Say that a value is not between its extremes, if the file has them."""
    tolerance = half_unit(repr(value)) + max(half_unit(repr(each or 0.0)) for each in (least, most))
    if least is not None and value < least and differ(value, least, tolerance):
        return f"The {what} is {value:.6g} {unit} in the file, below the minimum of {least:.6g} {unit}."
    if most is not None and value > most and differ(value, most, tolerance):
        return f"The {what} is {value:.6g} {unit} in the file, above the maximum of {most:.6g} {unit}."
    return ""


def _rank(percentile: float) -> str:
    return {0.0: "minimum", 100.0: "maximum"}.get(percentile, f"p{percentile:g}")


def first_of(sentences: Iterable[str]) -> str:
    return next(filter(None, sentences), "")
