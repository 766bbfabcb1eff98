"""Comparisons of a printed number with the one that the file's other numbers give."""

import math

from readiness.evidence.core.documents import number_of

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


def disagreement(what: str, printed: str, expected: str) -> str:
    """The sentence for a contradiction; both figures carry their unit.

    >>> disagreement("bandwidth at 8 B", "4,736 GB/s", "473.6 GB/s")
    'The bandwidth at 8 B is 4,736 GB/s in the file, but its other figures give 473.6 GB/s.'
    """
    return f"The {what} is {printed} in the file, but its other figures give {expected}."
