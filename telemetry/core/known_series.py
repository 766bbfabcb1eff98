"""Series that a process knows, each with a place, so that a body's samples are numbers and no label is looked at.

What stands for one series in a body, or for several at once, such as all buckets of a histogram, leads to places. Where
any of many series may be there, such as the buckets of an exponential histogram, a table finds them by numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

type Places = NDArray[np.int32]
type Numbers = NDArray[np.int64]

# Numbers from here on are few and stand for what is no bucket; all others of one table lie within MOST_SPAN.
OWN_NUMBERS = range(1_000_000, 1_000_008)
MOST_SPAN = 512
NO_PLACE = -1
_PLACE_BYTES = 4


class PlaceTable(NamedTuple):
    """Places by number, as int32: those of OWN_NUMBERS, then those of the numbers from `first` on."""

    first: int = 0
    places: bytes = np.full(len(OWN_NUMBERS), NO_PLACE, np.int32).tobytes()

    def extended(self, places_by_number: Mapping[int, int]) -> Self | None:
        """The table with these places too; None if it would span too much."""
        numbers = [number for number in places_by_number if number not in OWN_NUMBERS]
        before = np.frombuffer(self.places, np.int32)
        own, others = before[: len(OWN_NUMBERS)], before[len(OWN_NUMBERS) :]
        if len(others):
            numbers += (self.first, self.first + len(others) - 1)
        first, last = (min(numbers), max(numbers)) if numbers else (0, -1)
        if last - first >= MOST_SPAN:
            return None
        places = np.full(len(OWN_NUMBERS) + last - first + 1, NO_PLACE, np.int32)
        places[: len(OWN_NUMBERS)] = own
        begin = len(OWN_NUMBERS) + self.first - first
        places[begin : begin + len(others)] = others
        for number, place in places_by_number.items():
            is_own = number in OWN_NUMBERS
            places[number - OWN_NUMBERS[0] if is_own else len(OWN_NUMBERS) + number - first] = place
        return type(self)(first, places.tobytes())


class PlacedSeries:
    """Keys by place, and places by the bytes that stand for them. A place is never given to another key: when there are
    too many, another object begins anew, and a body that is being read goes on with the one it began with."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.singles: dict[bytes, int] = {}
        # Places as int32, one after the other.
        self.groups: dict[bytes, bytes] = {}
        self.tables: dict[bytes, PlaceTable] = {}
        self._places: dict[bytes, int] = {}
        self._lock = Lock()

    def places_of(self, keys: Iterable[bytes]) -> list[int]:
        """The places of these keys, new ones for those that have none. Threads may ask at the same time."""
        with self._lock:
            return [self._place_of(key) for key in keys]

    def _place_of(self, key: bytes) -> int:
        place = self._places.setdefault(key, len(self.keys))
        if place == len(self.keys):
            self.keys.append(key)
        return place

    def distinct(self, places: Places) -> tuple[list[bytes], Places]:
        """The keys at these places, each once, and for each place the position of its key among them."""
        # Only what was written is read, so that the series that a body does not name cost nothing.
        scratch = np.empty(len(self.keys), np.int32)
        order = np.arange(len(places), dtype=np.int32)
        scratch[places] = order
        is_last = scratch[places] == order
        if is_last.all():
            return list(map(self.keys.__getitem__, places.tolist())), order
        distinct_places = places[np.flatnonzero(is_last)]
        scratch[distinct_places] = order[: len(distinct_places)]
        return list(map(self.keys.__getitem__, distinct_places.tolist())), scratch[places]


def find_places(
    tables: Sequence[PlaceTable], sizes: Numbers, numbers: Numbers
) -> tuple[Places, NDArray[np.bool_]]:
    """The places of numbers, of which the first `sizes[0]` are looked up in the first table, and so on; and which
    tables have all of theirs."""
    first = np.array([table.first for table in tables])
    lengths = np.array([len(table.places) for table in tables]) // _PLACE_BYTES
    all_places = np.frombuffer(b"".join([table.places for table in tables]), np.int32)
    begins = np.cumsum(sizes) - sizes
    positions = numbers - np.repeat(first - len(OWN_NUMBERS), sizes)
    has_all = np.minimum.reduceat(positions, begins) >= len(OWN_NUMBERS)
    own = np.flatnonzero(numbers >= OWN_NUMBERS[0])
    positions[own] = numbers[own] - OWN_NUMBERS[0]
    has_all &= np.maximum.reduceat(positions, begins) < lengths
    if not has_all.all():
        positions[np.repeat(~has_all, sizes)] = 0
    places = all_places[positions + np.repeat(np.cumsum(lengths) - lengths, sizes)]
    return places, has_all & (np.minimum.reduceat(places, begins) > NO_PLACE)


def place_bytes(places: Sequence[int]) -> bytes:
    return np.array(places, np.int32).tobytes()
