"""Remote write 1.0 bodies for a fixed set of series: labels are encoded once, times and values are filled in.

Field numbers: prometheus/prompb/remote.proto and types.proto, as in telemetry.formats.remote_write.
"""

from collections.abc import Sequence

import cramjam
import numpy as np
from numpy.typing import NDArray

from telemetry.core.labels import encode_field
from telemetry.formats.protobuf import message_classes

_WriteRequest, _Sample = message_classes(
    "muster.demo.remote_write",
    {
        "WriteRequest": {"timeseries": (1, "repeated bytes")},
        "Sample": {"value": (1, "double"), "timestamp": (2, "int64")},
    },
)
# Stands in for every sample: neither field may be the default, or it would be left out, and all times of day from
# 1971 to 2109 take the six bytes that this one takes.
_ANY_SAMPLE = _Sample(value=1.0, timestamp=1_700_000_000_000).SerializeToString()
_SAMPLE_FIELD = encode_field(0x12, _ANY_SAMPLE)
# Where value and time lie in the field, behind the tags.
_VALUE_AT, _TIME_AT = 3, 12
_TIME_SHIFTS = np.arange(0, 42, 7, dtype=np.uint64)
_TIME_MORE = np.array([0x80] * 5 + [0], dtype=np.uint8)


class Template:
    """A body of these series, each with the same number of samples."""

    def __init__(self, keys: Sequence[bytes], *, samples: int = 1) -> None:
        bodies = [key + _SAMPLE_FIELD * samples for key in keys]
        self._plain = np.frombuffer(
            _WriteRequest(timeseries=bodies).SerializeToString(), dtype=np.uint8
        ).copy()
        ends = np.cumsum([len(encode_field(0x0A, body)) for body in bodies])
        back = np.arange(samples, 0, -1) * len(_SAMPLE_FIELD)
        # Start of each sample's field, shape (samples, series).
        starts = ends[np.newaxis, :] - back[:, np.newaxis]
        self._values_at = starts[:, :, np.newaxis] + _VALUE_AT + np.arange(8)
        self._times_at = starts[:, :, np.newaxis] + _TIME_AT + np.arange(6)

    def filled(self, ts_ms: NDArray[np.int64], values: NDArray[np.float64]) -> bytes:
        """The snappy-compressed body; `values` has a row per instant of `ts_ms` and a column per series."""
        self._plain[self._values_at] = (
            np.ascontiguousarray(values, dtype="<f8").view(np.uint8).reshape(*values.shape, 8)
        )
        sevens = (ts_ms.astype(np.uint64)[:, np.newaxis] >> _TIME_SHIFTS) & np.uint64(0x7F)
        self._plain[self._times_at] = (sevens.astype(np.uint8) | _TIME_MORE)[:, np.newaxis, :]
        return bytes(cramjam.snappy.compress_raw(self._plain.tobytes()))
