"""Blocks: samples of one series, packed, with what a question can be answered from without unpacking them.

Values are compressed by pcodec, times too unless they are evenly spaced, and a constant has no values at all. Each
block is unpacked once when it is made, and has a checksum, so a block that cannot be read again is never stored and one
that was damaged since is recognised.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pcodec import ChunkConfig, standalone

from telemetry.core.ordering import is_later, order

DAY_MS = 86_400_000
# A day at one sample a minute. Longer blocks are hardly smaller, and a question for an hour unpacks more.
MOST_SAMPLES = 1440
# With the other columns this is less than the 2,032 bytes above which PostgreSQL stores a value apart from its row.
MOST_BYTES = 1800
# Level 4 packs short blocks as well as level 8, in a third of the time.
_CONFIG = ChunkConfig(compression_level=4)
# The first byte of packed numbers says how they are packed.
_PLAIN, _PCODEC = b"\0", b"\1"
# pcodec unpacks as many at a time.
_UNPACKED_TOGETHER = 256
_HEADER = struct.Struct("<qqqid")
_PLACES = np.arange(MOST_SAMPLES)


class DamagedBlock(ValueError):
    """A block that does not hold what was packed."""


@dataclass(frozen=True, slots=True, eq=False)
class SampleBlock:
    """Samples of one series in order of time, all of one UTC day. Times are ms since 1970.

    `step_ms` is the time between any two samples, 0 if `times` holds them one by one. `first` is every value if
    `values` is empty. `readings`, `least`, `greatest` and `total` leave stale markers and other NaN out; without
    readings the extremes are NaN.
    """

    start_ms: int
    end_ms: int
    step_ms: int
    samples: int
    readings: int
    least: float
    greatest: float
    total: float
    first: float
    last: float
    times: bytes
    values: bytes

    @property
    def size_bytes(self) -> int:
        return len(self.times) + len(self.values)

    @property
    def checksum(self) -> int:
        header = _HEADER.pack(self.start_ms, self.end_ms, self.step_ms, self.samples, self.first)
        return zlib.crc32(self.values, zlib.crc32(self.times, zlib.crc32(header)))


type Samples = tuple[NDArray[np.int64], NDArray[np.float64]]


def distinct(
    series: NDArray[np.int64], ts_ms: NDArray[np.int64], values: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return samples in order of series and time, each instant once: a reading outranks a NaN, the larger of two
    readings counts (as in roll-ups)."""
    if is_later(series, ts_ms).all():
        return series, ts_ms, values
    places = order(series, ts_ms)
    series, ts_ms, values = series[places], ts_ms[places], values[places]
    if is_later(series, ts_ms).all():
        return series, ts_ms, values
    is_number = ~np.isnan(values)
    places = np.lexsort((np.where(is_number, values, -np.inf), is_number, ts_ms, series))
    series, ts_ms, values = series[places], ts_ms[places], values[places]
    is_last = np.append((series[1:] != series[:-1]) | (ts_ms[1:] != ts_ms[:-1]), True)
    return series[is_last], ts_ms[is_last], values[is_last]


def pack(ts_ms: NDArray[np.int64], values: NDArray[np.float64]) -> Iterator[SampleBlock]:
    """Pack samples of one series and one day, which are in order of time and distinct."""
    begin, width = 0, MOST_SAMPLES
    while begin < len(ts_ms):
        end = min(begin + width, len(ts_ms))
        block = _block(ts_ms[begin:end], values[begin:end])
        if block.size_bytes > MOST_BYTES:
            width = max(1, int(0.95 * (end - begin) * MOST_BYTES / block.size_bytes))
            continue
        yield block
        begin = end


def _block(ts_ms: NDArray[np.int64], values: NDArray[np.float64]) -> SampleBlock:
    start_ms, end_ms, samples = int(ts_ms[0]), int(ts_ms[-1]), len(ts_ms)
    step_ms = (end_ms - start_ms) // (samples - 1) if samples > 1 else 1
    is_even = bool((ts_ms == start_ms + step_ms * np.arange(samples)).all())
    bits = values.view(np.uint64)
    is_constant = bool((bits == bits[0]).all()) and not np.isnan(values[0])
    numbers = values[~np.isnan(values)]
    with np.errstate(over="ignore", invalid="ignore"):
        total = float(numbers.sum())
    return SampleBlock(
        start_ms=start_ms,
        end_ms=end_ms,
        step_ms=step_ms if is_even else 0,
        samples=samples,
        readings=len(numbers),
        least=float(numbers.min()) if len(numbers) else np.nan,
        greatest=float(numbers.max()) if len(numbers) else np.nan,
        total=total,
        first=float(values[0]),
        last=float(values[-1]),
        times=b"" if is_even else _packed(ts_ms - start_ms),
        values=b"" if is_constant else _packed(values),
    )


def _packed(numbers: NDArray[np.generic]) -> bytes:
    numbers = np.ascontiguousarray(numbers)
    packed = _PCODEC + standalone.simple_compress(numbers, _CONFIG)
    try:
        is_same = _unpacked(packed, np.empty_like(numbers)).tobytes() == numbers.tobytes()
    except DamagedBlock:
        is_same = False
    return packed if is_same else _PLAIN + numbers.tobytes()


def _unpacked[Numbers: NDArray[np.generic]](packed: bytes, into: Numbers, *, whole: bool = True) -> Numbers:
    if packed[:1] == _PLAIN:
        if len(packed) - 1 != into.nbytes and (whole or len(packed) <= into.nbytes):
            raise DamagedBlock(f"{len(packed) - 1} bytes instead of {into.nbytes}")
        into[:] = np.frombuffer(packed, into.dtype, len(into), 1)
        return into
    try:
        progress = standalone.simple_decompress_into(packed[1:], into)
    except Exception as error:
        raise DamagedBlock(f"not unpacked: {error}") from error
    if progress.n_processed != len(into) or progress.finished != whole:
        raise DamagedBlock(f"{progress.n_processed} numbers instead of {len(into)}")
    return into


class PackedBlock(NamedTuple):
    """Columns of a stored block, from which it is unpacked."""

    start_ms: int
    end_ms: int
    step_ms: int
    samples: int
    first: float
    checksum: int
    times: bytes
    values: bytes

    def unpack(self, begin: int, end: int, ts_ms: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Put times and values from place `begin` up to `end` into arrays of that length. Raises DamagedBlock."""
        numbers = _HEADER.pack(self.start_ms, self.end_ms, self.step_ms, self.samples, self.first)
        if zlib.crc32(self.values, zlib.crc32(self.times, zlib.crc32(numbers))) != self.checksum:
            raise DamagedBlock("the checksum differs")
        if self.step_ms:
            np.multiply(_PLACES[begin:end], self.step_ms, out=ts_ms)
        else:
            ts_ms[:] = _unpacked(self.times, np.empty(self.samples, np.int64))[begin:end]
        ts_ms += self.start_ms
        if not self.values:
            values[:] = self.first
        elif end - begin == self.samples:
            _unpacked(self.values, values)
        else:
            most = min(-(-end // _UNPACKED_TOGETHER) * _UNPACKED_TOGETHER, self.samples)
            values[:] = _unpacked(self.values, np.empty(most), whole=most == self.samples)[begin:end]


def unpack(block: SampleBlock, checksum: int) -> Samples:
    """Return the times and values that were packed. Raises DamagedBlock."""
    ts_ms, values = np.empty(block.samples, np.int64), np.empty(block.samples)
    numbers = block.start_ms, block.end_ms, block.step_ms, block.samples, block.first, checksum
    PackedBlock(*numbers, block.times, block.values).unpack(0, block.samples, ts_ms, values)
    return ts_ms, values
