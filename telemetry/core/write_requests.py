"""Bodies of remote write 1.0. Field numbers: prometheus/prompb/remote.proto and types.proto."""

from collections.abc import Iterable, Sequence

import cramjam
import numpy as np
from numpy.typing import NDArray

HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
# A Sample with its tag: 8 bytes of value, and a time that takes six bytes as a varint (from 1971 to 2109).
SAMPLE_BYTES = 18
_VALUE, _TIME = slice(3, 11), slice(12, 18)
_TIME_SHIFTS = np.arange(0, 42, 7, dtype=np.uint64)
_TIME_MORE = np.array([0x80] * 5 + [0], dtype=np.uint8)


def encode_samples(
    times_ms: Sequence[int] | NDArray[np.int64], values: Sequence[float] | NDArray[np.float64]
) -> bytes:
    """The Samples of a TimeSeries with their tags, `SAMPLE_BYTES` each. Values keep every bit, those of NaN too."""
    fields: NDArray[np.uint8] = np.zeros((len(times_ms), SAMPLE_BYTES), np.uint8)
    fields[:, :3] = (0x12, SAMPLE_BYTES - 2, 0x09)
    fields[:, _VALUE] = np.array(values, "<f8").view(np.uint8).reshape(-1, 8)
    fields[:, 11] = 0x10
    sevens = (np.array(times_ms, np.uint64)[:, np.newaxis] >> _TIME_SHIFTS) & np.uint64(0x7F)
    fields[:, _TIME] = sevens.astype(np.uint8) | _TIME_MORE
    return fields.tobytes()


def compress(series: Iterable[bytes]) -> bytes:
    """A body of TimeSeries with their tags."""
    return bytes(cramjam.snappy.compress_raw(b"".join(series)))
