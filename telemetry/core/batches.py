"""Batches of hot samples: the columns of many series as they arrived together, packed.

Ids and times differ little from one sample to the next: LZ4 leaves next to nothing of their differences. Values stay as
they are, since those of different series have nothing in common.
"""

import struct

import cramjam
import numpy as np
from numpy.typing import NDArray

# Whether ids and times have 8 bytes each or 4, samples, first series, first time, bytes of packed ids and times.
_HEADER = struct.Struct("<BIqqI")
_PLAIN, _NARROW, _WIDE = 0, 1, 2
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
    if batch[:1] == bytes([_PLAIN]):
        # Rows of an earlier version, as SQL wrote them together.
        if len(batch) % _PLAIN_SAMPLE.itemsize != 1:
            raise DamagedBatch(f"{len(batch)} bytes of plain samples")
        samples = np.frombuffer(batch, _PLAIN_SAMPLE, offset=1)
        return (
            samples["series"].astype(np.int64),
            samples["ts_ms"].astype(np.int64),
            samples["value"].astype(np.float64),
        )
    if len(batch) < _HEADER.size:
        raise DamagedBatch("shorter than its header")
    kind, samples, first_series, first_ms, size = _HEADER.unpack_from(batch)
    width = {_NARROW: 4, _WIDE: 8}.get(kind)
    if width is None or len(batch) != _HEADER.size + size + 8 * samples:
        raise DamagedBatch(f"kind {kind} with {samples} samples in {len(batch)} bytes")
    packed = memoryview(batch)[_HEADER.size : _HEADER.size + size]
    try:
        steps = bytes(cramjam.lz4.decompress_block(packed, output_len=2 * width * samples))
    except (cramjam.DecompressionError, BufferError, ValueError) as error:
        raise DamagedBatch(f"not LZ4: {error}") from error
    if len(steps) != 2 * width * samples:
        raise DamagedBatch(f"{len(steps)} bytes of ids and times")
    series, ts_ms = (
        np.cumsum(np.frombuffer(steps, f"<i{width}", samples, place * width * samples), dtype=np.int64)
        for place in (0, 1)
    )
    values = np.frombuffer(batch, "<f8", samples, _HEADER.size + size)
    return series + first_series, ts_ms + first_ms, values.astype(np.float64)
