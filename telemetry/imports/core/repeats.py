"""Which values of a file stand earlier in it, or are stored already."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

type Ints = NDArray[np.int64]
type Floats = NDArray[np.float64]
type Flags = NDArray[np.bool_]

# Milliseconds since 1970 fit until the year 2109.
_TIME_BITS = 42
_NEARLY = 1e-9


def places_of(series: Ints, ts_ms: Ints) -> Ints:
    """One number for each pair of series and time."""
    return (series.astype(np.int64) << _TIME_BITS) | ts_ms


@dataclass(slots=True)
class EarlierValues:
    """The values of a file so far, by series and time: arrays, because a million objects would take 200 MB."""

    _places: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    _values: Floats = field(default_factory=lambda: np.empty(0, np.float64))

    def add(self, series: Ints, ts_ms: Ints, values: Floats) -> tuple[Flags, Flags]:
        """Return which values repeat an earlier one, and which contradict it; the first of an instant counts."""
        places = places_of(series, ts_ms)
        all_places = np.concatenate((self._places, places))
        all_values = np.concatenate((self._values, values))
        order = np.argsort(all_places, kind="stable")
        ordered = all_places[order]
        is_first = np.append(True, ordered[1:] != ordered[:-1]) if len(ordered) else np.empty(0, np.bool_)
        first = np.maximum.accumulate(np.where(is_first, np.arange(len(ordered)), 0))
        value_before = np.empty(len(ordered))
        value_before[order] = all_values[order][first]
        repeats = np.empty(len(ordered), np.bool_)
        repeats[order] = ~is_first
        self._places, self._values = ordered[is_first], all_values[order][is_first]
        begin = len(all_places) - len(places)
        return _compared(repeats[begin:], values, value_before[begin:])


def _compared(repeats: Flags, values: Floats, before: Floats) -> tuple[Flags, Flags]:
    is_same = np.isclose(values, before, rtol=_NEARLY, atol=0, equal_nan=True)
    return repeats & is_same, repeats & ~is_same
