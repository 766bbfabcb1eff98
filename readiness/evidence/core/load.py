"""Electrical load from the windows of many meters: complete sums, peaks, continuous load, steps.

Arrays hold one mean per window, NaN where a meter sent nothing in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

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
    """The mean of what is known in each `span` windows; NaN where nothing is. A last span cut short
    counts too."""
    padded = np.pad(windows, (0, -windows.size % span), constant_values=np.nan).reshape(-1, span)
    known = np.isfinite(padded)
    sums, counts = np.where(known, padded, 0).sum(axis=1), known.sum(axis=1)
    means: Windows = np.divide(sums, counts, out=np.full(len(padded), np.nan), where=counts > 0)
    return means


def largest_step(windows: Windows) -> float | None:
    """The largest change between neighbouring windows; None where no two neighbours are known."""
    steps = np.abs(np.diff(windows))
    known = steps[np.isfinite(steps)]
    return float(known.max()) if known.size else None


def breaker_kw(*, rating_a: float, voltage_v: float, phases: int) -> float:
    """What a breaker carries at unity power factor, kW: U x I, times the root of 3 between three phases."""
    return rating_a * voltage_v * (sqrt(3) if phases == 3 else 1.0) / 1000
