"""Breaks of a line where samples pause for unusually long, because older samples may be kept less densely."""

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = 3


def join_usual_pauses(
    ts_ms: NDArray[np.int64], values: NDArray[np.float64], *, most_times: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The line without its breaks (NaN) at pauses of at most `most_times` the usual one before or after. A pause
    without neighbours stays a break."""
    is_value = np.isfinite(values)
    at, drawn = ts_ms[is_value], values[is_value]
    before_breaks = np.unique(np.cumsum(is_value)[~is_value] - 1)
    before_breaks = before_breaks[(before_breaks >= 0) & (before_breaks < len(at) - 1)]
    pauses = np.diff(at)
    breaks = [place for place in before_breaks.tolist() if _is_unusual(pauses, place, most_times)]
    after = np.array(breaks, np.int64) + 1
    return np.insert(at, after, at[after - 1] + 1), np.insert(drawn, after, np.nan)


def _is_unusual(pauses: NDArray[np.int64], place: int, most_times: float) -> bool:
    around = (pauses[max(place - NEIGHBOURS, 0) : place], pauses[place + 1 : place + 1 + NEIGHBOURS])
    usual = max((float(np.median(some)) for some in around if len(some)), default=0.0)
    return bool(pauses[place] > most_times * usual)
