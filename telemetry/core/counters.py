"""Counters: what they grew by, through restarts and over the edges of windows.

A counter that falls was restarted, and has grown by its new value since (Prometheus' rule). A window is (start, end],
and the sample before it is its baseline, so the windows of a day add up to the day; Prometheus extrapolates instead, so
its figures differ by up to a scrape interval's worth. A NaN is a stale marker, the end of a line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


def per_second(unit: str) -> tuple[float, str]:
    """The unit of a counter's rate, and what growth in the counter's unit each second is multiplied by to be in it.

    Energy over time is power: 1 kWh/s is 3,600 kW.
    """
    return (3600.0, "kW") if unit == "kWh" else (1.0, f"{unit or '1'}/s")


@dataclass(frozen=True, slots=True, eq=False)
class Increments:
    """The amounts that each sample, but the first, adds to the one before it.

    `joined` is False where a stale marker lies between the two: the counter may have been elsewhere
    meanwhile, so what it grew by is real but how fast is not known.
    """

    ts_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    elapsed_s: NDArray[np.float64]
    joined: NDArray[np.bool_]


def increments(ts_ms: ArrayLike, values: ArrayLike) -> Increments:
    """Work out the increments of one series, given in any order; the last of several samples at one time counts."""
    times = np.asarray(ts_ms, dtype=np.int64)
    numbers = np.asarray(values, dtype=np.float64)
    order = np.argsort(times, kind="stable")
    times, numbers = times[order], numbers[order]
    last = np.append(times[1:] != times[:-1], True)[: len(times)]
    times, numbers = times[last], numbers[last]
    real = ~np.isnan(numbers)
    ends_before = np.cumsum(~real)[real]
    times, numbers = times[real], numbers[real]
    grown = np.diff(numbers)
    restarted = grown < 0
    return Increments(
        ts_ms=times[1:],
        value=np.where(restarted, numbers[1:], grown),
        elapsed_s=np.diff(times) / 1000,
        joined=np.diff(ends_before) == 0,
    )


def increase(ts_ms: ArrayLike, values: ArrayLike, start_ms: int, end_ms: int) -> float:
    """Growth in (start, end]; NaN (unknown) if no sample in it has one before it. Growth over a stale marker counts."""
    return float(increase_by_step(ts_ms, values, [start_ms, end_ms])[0])


def rate(
    ts_ms: ArrayLike, values: ArrayLike, start_ms: int, end_ms: int, *, max_gap_s: float | None = None
) -> float:
    """Growth per second in (start, end], over the time that samples cover; NaN if they cover none.

    Time over a stale marker, or between samples further apart than `max_gap_s`, is not covered.
    """
    return float(rate_by_step(ts_ms, values, [start_ms, end_ms], max_gap_s=max_gap_s)[0])


def increase_by_step(ts_ms: ArrayLike, values: ArrayLike, edges_ms: ArrayLike) -> NDArray[np.float64]:
    """`increase` of each window between neighbouring edges (ascending): one value fewer than edges."""
    grown = increments(ts_ms, values)
    window, windows = _windows(grown.ts_ms, edges_ms)
    inside = (window >= 0) & (window < windows)
    total = np.bincount(window[inside], weights=grown.value[inside], minlength=windows)
    seen = np.bincount(window[inside], minlength=windows)
    return np.where(seen > 0, total, np.nan)


def rate_by_step(
    ts_ms: ArrayLike, values: ArrayLike, edges_ms: ArrayLike, *, max_gap_s: float | None = None
) -> NDArray[np.float64]:
    """`rate` of each window between neighbouring edges (ascending): one value fewer than edges."""
    grown = increments(ts_ms, values)
    window, windows = _windows(grown.ts_ms, edges_ms)
    inside = (window >= 0) & (window < windows) & grown.joined
    if max_gap_s is not None:
        inside &= grown.elapsed_s <= max_gap_s
    total = np.bincount(window[inside], weights=grown.value[inside], minlength=windows)
    covered = np.bincount(window[inside], weights=grown.elapsed_s[inside], minlength=windows)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(covered > 0, total / covered, np.nan)


def _windows(ts_ms: NDArray[np.int64], edges_ms: ArrayLike) -> tuple[NDArray[np.int64], int]:
    """The number of the window that each time is in, out of range if in none, and how many windows there are."""
    edges = np.asarray(edges_ms, dtype=np.int64)
    return np.searchsorted(edges, ts_ms, side="left").astype(np.int64) - 1, max(len(edges) - 1, 0)
