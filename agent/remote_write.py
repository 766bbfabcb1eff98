"""Bodies of remote write 1.0 with one sample a series."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from telemetry.core.labels import encode_field
from telemetry.core.write_requests import SAMPLE_BYTES, compress, encode_samples

MOST_SAMPLES = 10_000
MOST_BYTES = 4 * 1024 * 1024


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
            yield compress(parts), len(parts)
            parts, size = [], 0
        series = encode_field(0x0A, key + sample)
        parts.append(series)
        size += len(series)
    if parts:
        yield compress(parts), len(parts)


def _encode_samples(batch: SampleBatch) -> list[bytes]:
    plain = encode_samples(batch.times_ms, batch.values)
    return [plain[start : start + SAMPLE_BYTES] for start in range(0, len(plain), SAMPLE_BYTES)]
