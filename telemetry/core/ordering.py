"""Samples in order of series and time. They come in long stretches that are in order, which sorting makes use of."""

import numpy as np
from numpy.typing import NDArray


def is_later(series: NDArray[np.int64], ts_ms: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each sample but the first comes after the one before it."""
    later: NDArray[np.bool_] = (series[1:] > series[:-1]) | (
        (series[1:] == series[:-1]) & (ts_ms[1:] > ts_ms[:-1])
    )
    return later


def order(series: NDArray[np.int64], ts_ms: NDArray[np.int64]) -> NDArray[np.intp]:
    """The places of at least one sample in order; those of one instant stay as they came."""
    first, oldest = int(series.min()), int(ts_ms.min())
    width = int(ts_ms.max()) - oldest + 1
    if (int(series.max()) - first + 1) * width >= 2**62:
        return np.lexsort((ts_ms, series))
    # As one number, samples are sorted in few passes over stretches that are in order.
    return np.argsort((series - first) * width + (ts_ms - oldest), kind="stable")
