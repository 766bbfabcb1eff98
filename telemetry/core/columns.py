"""Samples as columns: the result of every wire format, and the compact form in the inbox.

Not here: wire formats (`formats/`), names and units (`registry`), matching to inventory.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import cramjam
import numpy as np
from numpy.typing import NDArray

from telemetry.core.labels import RefusalReason, describe_key

# Prometheus' stale marker: a NaN with these very bits (prometheus/model/value/value.go).
STALE_BITS = 0x7FF0000000000002

_MAGIC = b"MC1"
_HEADER = struct.Struct("<3sBI")  # magic, flags, bytes once decompressed
_COUNTS = struct.Struct("<IIq")  # keys, samples, smallest time
_INDEXED = 1  # the series of each sample is stored; else sample i belongs to series i
_WIDE = 2  # times are int64; else offsets from the smallest as uint32


class CorruptBatch(ValueError):
    """Packed columns that `pack` did not write, or that were damaged since."""


@dataclass(frozen=True, slots=True)
class TakenTimes:
    """Accepted sample times, ms: not before `oldest_ms`, at most `future_ms` ahead of `now_ms`."""

    now_ms: int
    oldest_ms: int
    future_ms: int = 600_000


@dataclass(slots=True)
class Rejections:
    """Counts refused samples by reason (a series without readable samples counts once), with the first as example. Keys
    are plain text, not members of RefusalReason, because some encoders do not accept those as text."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def add(self, reason: RefusalReason, count: int, example: str) -> None:
        name = reason.value
        self.counts[name] = self.counts.get(name, 0) + count
        self.examples.setdefault(name, example)

    def message(self) -> str:
        return "; ".join(
            f"{n} {reason} (e.g. {self.examples[reason]})" for reason, n in sorted(self.counts.items())
        )


@dataclass(frozen=True, slots=True, eq=False)
class SampleColumns:
    """Samples in any order: sample i belongs to series `keys[series_index[i]]`; keys are distinct (`labels`). Values
    are bit for bit as sent, including stale markers, NaN and Inf."""

    keys: list[bytes]
    series_index: NDArray[np.int32]
    ts_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    rejected: Rejections

    @property
    def samples(self) -> int:
        return len(self.ts_ms)

    @property
    def stale(self) -> NDArray[np.bool_]:
        return is_stale(self.value)


def is_stale(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    bits = np.ascontiguousarray(values, dtype=np.float64).view(np.uint64)
    return np.asarray(bits == STALE_BITS, dtype=np.bool_)


def assemble(
    keys: Sequence[bytes],
    ts_ms: NDArray[np.int64],
    value: NDArray[np.float64],
    *,
    window: TakenTimes,
    rejected: Rejections,
) -> SampleColumns:
    position = dict.fromkeys(keys)
    distinct = list(position)
    if len(distinct) == len(keys):
        index = np.arange(len(keys), dtype=np.int32)
    else:
        places = {key: place for place, key in enumerate(distinct)}
        index = np.fromiter(map(places.__getitem__, keys), np.int32, len(keys))
    columns = SampleColumns(distinct, index, ts_ms, value, rejected)
    return _inside(columns, window)


def _inside(columns: SampleColumns, window: TakenTimes) -> SampleColumns:
    late = columns.ts_ms < window.oldest_ms
    early = columns.ts_ms > window.now_ms + window.future_ms
    if not late.any() and not early.any():
        return columns
    for refused, reason in ((late, RefusalReason.TOO_OLD), (early, RefusalReason.TOO_FAR_IN_FUTURE)):
        if refused.any():
            first = int(np.argmax(refused))
            series = describe_key(columns.keys[columns.series_index[first]])
            instant = _instant(int(columns.ts_ms[first]))
            columns.rejected.add(reason, int(np.count_nonzero(refused)), f"{series} at {instant}")
    return _keep(columns, ~(late | early))


def drop_refused(columns: SampleColumns, refused: Mapping[RefusalReason, Sequence[int]]) -> SampleColumns:
    is_kept = np.ones(columns.samples, dtype=np.bool_)
    for reason, places in refused.items():
        samples = np.isin(columns.series_index, np.asarray(places, dtype=np.int32))
        if samples.any():
            is_kept &= ~samples
            example = describe_key(columns.keys[places[0]])
            columns.rejected.add(reason, int(np.count_nonzero(samples)), example)
    return _keep(columns, is_kept)


def _keep(columns: SampleColumns, is_kept: NDArray[np.bool_]) -> SampleColumns:
    used, index = np.unique(columns.series_index[is_kept], return_inverse=True)
    keys = [columns.keys[i] for i in used]
    return SampleColumns(
        keys, index.astype(np.int32), columns.ts_ms[is_kept], columns.value[is_kept], columns.rejected
    )


def _instant(ts_ms: int) -> str:
    try:
        return datetime.fromtimestamp(ts_ms / 1000, UTC).isoformat(timespec="milliseconds")
    except (OverflowError, ValueError, OSError):
        return f"{ts_ms} ms"


def pack(columns: SampleColumns) -> bytes:
    """Columns, without the rejections, as one LZ4 block. LZ4 instead of zstd: on label text it packs 2-3 times and
    unpacks 4 times faster, at twice the size, for data that lives for a second."""
    count = columns.samples
    lowest = int(columns.ts_ms.min()) if count else 0
    wide = count > 0 and int(columns.ts_ms.max()) - lowest >= 2**32
    in_order = len(columns.keys) == count and bool((columns.series_index == np.arange(count)).all())
    lengths = np.fromiter(map(len, columns.keys), "<u4", len(columns.keys))
    times = columns.ts_ms.astype("<i8") if wide else (columns.ts_ms - lowest).astype("<u4")
    parts = [_COUNTS.pack(len(columns.keys), count, lowest), lengths.tobytes(), *columns.keys]
    if not in_order:
        parts.append(columns.series_index.astype("<i4").tobytes())
    parts += [times.tobytes(), columns.value.astype("<f8").tobytes()]
    plain = b"".join(parts)
    flags = (0 if in_order else _INDEXED) | (_WIDE if wide else 0)
    block = bytes(cramjam.lz4.compress_block(plain, store_size=False))
    return _HEADER.pack(_MAGIC, flags, len(plain)) + block


def unpack(blob: bytes, max_bytes: int = 256 * 1024 * 1024) -> SampleColumns:
    """Return what `pack` was given. Raises CorruptBatch, also if it would take more than `max_bytes` of memory."""
    if len(blob) < _HEADER.size:
        raise CorruptBatch("shorter than its header")
    magic, flags, size = _HEADER.unpack_from(blob)
    if magic != _MAGIC:
        raise CorruptBatch(f"unknown version {magic!r}")
    if size > max_bytes:
        raise CorruptBatch(f"{size} bytes once decompressed, more than {max_bytes}")
    try:
        plain = bytes(cramjam.lz4.decompress_block(memoryview(blob)[_HEADER.size :], output_len=size))
    except (cramjam.DecompressionError, BufferError, ValueError) as error:
        raise CorruptBatch(f"not LZ4: {error}") from error
    if len(plain) != size or size < _COUNTS.size:
        raise CorruptBatch(f"{len(plain)} bytes instead of {size}")
    return _read(plain, indexed=bool(flags & _INDEXED), wide=bool(flags & _WIDE))


def _read(plain: bytes, *, indexed: bool, wide: bool) -> SampleColumns:
    key_count, count, lowest = _COUNTS.unpack_from(plain)
    blob_start = _COUNTS.size + 4 * key_count
    tail = count * ((4 if indexed else 0) + (8 if wide else 4) + 8)
    blob_end = len(plain) - tail
    if blob_start > blob_end:
        raise CorruptBatch("shorter than its counts say")
    lengths = np.frombuffer(plain, "<u4", key_count, _COUNTS.size)
    ends = (np.cumsum(lengths, dtype=np.int64) + blob_start).tolist()
    if (ends[-1] if ends else blob_start) != blob_end:
        raise CorruptBatch("keys do not fill their place")
    keys = [plain[start:end] for start, end in zip([blob_start, *ends], ends, strict=False)]
    if indexed:
        index = np.frombuffer(plain, "<i4", count, blob_end).astype(np.int32)
        blob_end += 4 * count
    else:
        index = np.arange(count, dtype=np.int32)
    if count and not 0 <= int(index.min()) <= int(index.max()) < key_count:
        raise CorruptBatch("a sample names a series that is not there")
    if wide:
        ts_ms = np.frombuffer(plain, "<i8", count, blob_end).astype(np.int64)
    else:
        ts_ms = np.frombuffer(plain, "<u4", count, blob_end).astype(np.int64) + lowest
    value = np.frombuffer(plain, "<f8", count, len(plain) - 8 * count).astype(np.float64)
    return SampleColumns(keys, index, ts_ms, value, Rejections())
