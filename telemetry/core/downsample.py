"""Fewer points with the same look: MinMaxLTTB (tsdownsample) on each unbroken stretch; breaks stay.

A break is a NaN, or two samples further apart than `gap_ms`; on a chart it is a null, and the line stops.
"""

import numpy as np
from numpy.typing import NDArray
from tsdownsample import MinMaxLTTBDownsampler

_MINMAX_LTTB = MinMaxLTTBDownsampler()  # type: ignore[no-untyped-call]
_FEWEST = 3  # LTTB needs a first, a last and one between


def downsample(
    ts_ms: NDArray[np.int64], values: NDArray[np.float64], max_points: int, gap_ms: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Keep at most `max_points` (12 or more) of samples ascending in time; a NaN in the result marks a break. With more
    breaks than a quarter of the points, only the longest stay: the others would not be visible."""
    if max_points < 12:
        raise ValueError("fewer than 12 points draw no line with breaks")
    real = ~np.isnan(values)
    times, numbers = ts_ms[real], values[real]
    if not len(times):
        return ts_ms[:0], values[:0]
    breaks = _breaks(times, np.cumsum(~real)[real], gap_ms, max_points // 4 - 1)
    # Each stretch gets points in proportion to its samples, but at least as many as LTTB needs.
    free = max_points - len(breaks) - _FEWEST * (len(breaks) + 1)
    out_times: list[NDArray[np.int64]] = []
    out_values: list[NDArray[np.float64]] = []
    for start, end in zip([0, *breaks], [*breaks, len(times)], strict=True):
        if start:
            out_times.append((times[start - 1 : start] + times[start : start + 1]) // 2)
            out_values.append(np.array([np.nan]))
        share = _FEWEST + free * (end - start) // len(times)
        indices = _stretch(times[start:end], numbers[start:end], share)
        out_times.append(times[start:end][indices])
        out_values.append(numbers[start:end][indices])
    return np.concatenate(out_times), np.concatenate(out_values)


def points(ts_ms: NDArray[np.int64], values: NDArray[np.float64]) -> list[list[float | None]]:
    finite = np.isfinite(values).tolist()
    return [
        [ts, v if ok else None] for ts, v, ok in zip(ts_ms.tolist(), values.tolist(), finite, strict=True)
    ]


def shortened(value: float) -> float:
    """Four decimals, all that an axis can show; six significant digits below 1, so that rates of rare events do not
    become 0."""
    return round(value, 4) if abs(value) >= 1 else float(f"{value:.6g}")


def _breaks(
    times: NDArray[np.int64], ends_before: NDArray[np.int64], gap_ms: int | None, most: int
) -> list[int]:
    elapsed = np.diff(times)
    broken = np.diff(ends_before) > 0
    if gap_ms is not None:
        broken |= elapsed > gap_ms
    places = np.flatnonzero(broken) + 1
    if len(places) > most:
        longest = np.argsort(elapsed[places - 1], kind="stable")[len(places) - most :]
        places = np.sort(places[longest])
    return [int(place) for place in places]


def _stretch(times: NDArray[np.int64], values: NDArray[np.float64], share: int) -> NDArray[np.intp]:
    if len(times) <= share:
        return np.arange(len(times))
    indices = _MINMAX_LTTB.downsample(times, np.ascontiguousarray(values), n_out=share)
    return np.unique(indices).astype(np.intp)
