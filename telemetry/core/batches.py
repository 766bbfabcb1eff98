"""Batches of hot samples: the columns of many series as they arrived together, packed.

Ids and times differ little from one sample to the next: LZ4 leaves next to nothing of their differences. Values stay as
they are, since those of different series have nothing in common.
"""

import struct
from typing import NamedTuple

import cramjam
import numpy as np
from numpy.typing import NDArray

from telemetry.core.replicas import series_of

# Whether ids and times have 8 bytes each or 4, samples, first series, first time, bytes of packed ids and times.
_HEADER = struct.Struct("<BIqqI")
_PLAIN, _NARROW, _WIDE = 0, 1, 2
# Where the first time stands in the header: batches with the same layout differ from there on.
_FIRST_MS_AT = 13
_PLAIN_SAMPLE = np.dtype([("series", ">i8"), ("ts_ms", ">i8"), ("value", ">f8")])
_MOST = np.iinfo(np.int32).max

type BatchColumns = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


class DamagedBatch(ValueError):
    """A batch that does not hold what was packed."""


def pack_batch(series: NDArray[np.int64], ts_ms: NDArray[np.int64], values: NDArray[np.float64]) -> bytes:
    """Pack samples of which there is at least one. They come out in order of their series."""
    if (series[1:] < series[:-1]).any():
        order = np.argsort(series, kind="stable")
        series, ts_ms, values = series[order], ts_ms[order], values[order]
    steps = np.diff(series, prepend=series[0]), np.diff(ts_ms, prepend=ts_ms[0])
    is_narrow = all(int(np.abs(each).max()) <= _MOST for each in steps)
    kind = "<i4" if is_narrow else "<i8"
    packed = bytes(
        cramjam.lz4.compress_block(b"".join(each.astype(kind).tobytes() for each in steps), store_size=False)
    )
    header = _HEADER.pack(
        _NARROW if is_narrow else _WIDE, len(series), int(series[0]), int(ts_ms[0]), len(packed)
    )
    return header + packed + values.astype("<f8").tobytes()


def unpack_batch(batch: bytes) -> BatchColumns:
    """Return series, times in ms and values. Raises DamagedBatch."""
    reader = BatchReader()
    reader.add(batch)
    (columns,) = reader.samples()
    return columns


class _Layout(NamedTuple):
    """The series of batches that are alike, the time of each after that of its batch, and the places of their values,
    None for all; then the time and the values of each batch."""

    series: NDArray[np.int64]
    later_ms: NDArray[np.int64]
    places: NDArray[np.intp] | None
    first_ms: list[int]
    values: list[NDArray[np.float64]]

    def samples(self) -> BatchColumns:
        first_ms = np.array(self.first_ms, np.int64)
        order = np.argsort(first_ms, kind="stable")
        ts_ms = self.later_ms[:, None] + first_ms[order]
        values = np.stack([self.values[place] for place in order.tolist()], axis=1)
        return np.repeat(self.series, len(order)), ts_ms.ravel(), values.ravel()


class BatchReader:
    """Unpacks batches: all of their series by default, or some.

    Batches of a source mostly have the same series at the same differences of time. So what is unpacked of these is
    used again, of the values only those that are asked for are touched, and samples come out in order.
    """

    def __init__(self, ids: NDArray[np.int64] | None = None) -> None:
        self._ids = ids
        self._layouts: dict[bytes, _Layout] = {}
        self._plain: list[BatchColumns] = []

    def samples(self) -> list[BatchColumns]:
        """Return series, times in ms and values of what was added, in order of series and, where batches have each
        series once, of time."""
        return self._plain + [layout.samples() for layout in self._layouts.values()]

    def add(self, batch: bytes) -> None:
        """Raises DamagedBatch."""
        if batch[:1] == bytes([_PLAIN]):
            self._plain.append(self._plain_samples(batch))
            return
        if len(batch) < _HEADER.size:
            raise DamagedBatch("shorter than its header")
        kind, samples, first_series, first_ms, size = _HEADER.unpack_from(batch)
        width = {_NARROW: 4, _WIDE: 8}.get(kind)
        if width is None or len(batch) != _HEADER.size + size + 8 * samples:
            raise DamagedBatch(f"kind {kind} with {samples} samples in {len(batch)} bytes")
        packed = batch[_HEADER.size : _HEADER.size + size]
        key = batch[:_FIRST_MS_AT] + packed
        layout = self._layouts.get(key)
        if layout is None:
            layout = self._layouts[key] = self._layout(packed, width, samples, first_series)
        values = np.frombuffer(batch, "<f8", samples, _HEADER.size + size)
        layout.first_ms.append(first_ms)
        layout.values.append(values if layout.places is None else values[layout.places])

    def _layout(self, packed: bytes, width: int, samples: int, first_series: int) -> _Layout:
        try:
            steps = bytes(cramjam.lz4.decompress_block(packed, output_len=2 * width * samples))
        except (cramjam.DecompressionError, BufferError, ValueError) as error:
            raise DamagedBatch(f"not LZ4: {error}") from error
        if len(steps) != 2 * width * samples:
            raise DamagedBatch(f"{len(steps)} bytes of ids and times")
        series, later_ms = (
            np.cumsum(np.frombuffer(steps, f"<i{width}", samples, place * width * samples), dtype=np.int64)
            for place in (0, 1)
        )
        series += first_series
        if self._ids is None:
            return _Layout(series, later_ms, None, [], [])
        places = np.flatnonzero(np.isin(series_of(series), self._ids))
        return _Layout(series[places], later_ms[places], places, [], [])

    def _plain_samples(self, batch: bytes) -> BatchColumns:
        # Rows of an earlier version, as SQL wrote them together.
        if len(batch) % _PLAIN_SAMPLE.itemsize != 1:
            raise DamagedBatch(f"{len(batch)} bytes of plain samples")
        samples = np.frombuffer(batch, _PLAIN_SAMPLE, offset=1)
        if self._ids is not None:
            samples = samples[np.isin(series_of(samples["series"].astype(np.int64)), self._ids)]
        return (
            samples["series"].astype(np.int64),
            samples["ts_ms"].astype(np.int64),
            samples["value"].astype(np.float64),
        )
