"""Electrical load from the windows of many meters: complete sums, peaks, continuous load, steps.

Arrays hold one mean per window, NaN where a meter sent nothing in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Windows = NDArray[np.float64]

CONTINUOUS_WINDOWS = 3
"""Windows of 5 minutes that make a load continuous: 15 minutes, the usual demand interval of utility meters.

Electrical codes speak of three hours. At its highest the mean over a shorter span is never lower, so this
errs to the safe side."""


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest window, by its place from the start, and the last window that counted."""

    value: float
    at: int
    last: int


def complete_sum(meters: Windows) -> Windows:
    """The sum over meters (rows) of each window. A part is not the whole: one missing meter gives NaN."""
    total: Windows = meters.sum(axis=0)
    return total


def peak(windows: Windows) -> Peak | None:
    """The highest window; None if there is none."""
    known = np.flatnonzero(np.isfinite(windows))
    if not known.size:
        return None
    at = int(known[np.argmax(windows[known])])
    return Peak(float(windows[at]), at, int(known[-1]))


def continuous(windows: Windows, span: int = CONTINUOUS_WINDOWS) -> Windows:
    """The mean of what is known in each `span` windows, NaN where nothing is. A span that is not over yet
    does not count: its first minute would pass for all of it.
    """
    whole = windows[: windows.size // span * span].reshape(-1, span)
    known = np.isfinite(whole)
    sums, counts = np.where(known, whole, 0).sum(axis=1), known.sum(axis=1)
    means: Windows = np.divide(sums, counts, out=np.full(len(whole), np.nan), where=counts > 0)
    return means


def largest_step(windows: Windows, span: int = 1) -> float | None:
    """The largest change from any window to another at most `span` later; None where no two such are
    known."""
    apart = range(1, min(span, windows.size - 1) + 1)
    # fmax passes over NaN, and gives it only where there is nothing else.
    steps = [np.fmax.reduce(np.abs(windows[far:] - windows[:-far])) for far in apart]
    largest = np.fmax.reduce(steps) if steps else np.nan
    return float(largest) if np.isfinite(largest) else None
