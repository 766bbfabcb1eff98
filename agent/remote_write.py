"""Bodies of remote write 1.0, one sample a series. Field numbers: prometheus/prompb/remote.proto and types.proto."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import cramjam
import numpy as np
from numpy.typing import NDArray

from telemetry.core.labels import encode_field

HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
MOST_SAMPLES = 10_000
MOST_BYTES = 4 * 1024 * 1024
# A Sample with its tag: 8 bytes of value, and a time that takes six bytes as a varint (from 1971 to 2109).
_SAMPLE_BYTES = 18
_VALUE, _TIME = slice(3, 11), slice(12, 18)
_TIME_SHIFTS = np.arange(0, 42, 7, dtype=np.uint64)
_TIME_MORE = np.array([0x80] * 5 + [0], dtype=np.uint8)


@dataclass(slots=True)
class SampleBatch:
    """Samples in the order in which they were taken: key of the series, milliseconds since 1970, value."""

    keys: list[bytes] = field(default_factory=list)
    times_ms: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.keys)

    def add(self, key: bytes, time_ms: int, value: float) -> None:
        self.keys.append(key)
        self.times_ms.append(time_ms)
        self.values.append(value)

    def extend(self, batch: "SampleBatch") -> None:
        self.keys += batch.keys
        self.times_ms += batch.times_ms
        self.values += batch.values


def bodies(batch: SampleBatch) -> Iterator[tuple[bytes, int]]:
    """Compressed bodies with their numbers of samples, each small enough for any receiver."""
    samples = _encode_samples(batch)
    parts: list[bytes] = []
    size = 0
    for key, sample in zip(batch.keys, samples, strict=True):
        if parts and (len(parts) == MOST_SAMPLES or size + len(key) > MOST_BYTES):
            yield _compress(parts), len(parts)
            parts, size = [], 0
        series = encode_field(0x0A, key + sample)
        parts.append(series)
        size += len(series)
    if parts:
        yield _compress(parts), len(parts)


def _encode_samples(batch: SampleBatch) -> list[bytes]:
    fields: NDArray[np.uint8] = np.zeros((len(batch), _SAMPLE_BYTES), np.uint8)
    fields[:, :3] = (0x12, _SAMPLE_BYTES - 2, 0x09)
    fields[:, _VALUE] = np.array(batch.values, "<f8").view(np.uint8).reshape(-1, 8)
    fields[:, 11] = 0x10
    sevens = (np.array(batch.times_ms, np.uint64)[:, np.newaxis] >> _TIME_SHIFTS) & np.uint64(0x7F)
    fields[:, _TIME] = sevens.astype(np.uint8) | _TIME_MORE
    plain = fields.tobytes()
    return [plain[start : start + _SAMPLE_BYTES] for start in range(0, len(plain), _SAMPLE_BYTES)]


def _compress(parts: list[bytes]) -> bytes:
    return bytes(cramjam.snappy.compress_raw(b"".join(parts)))
