"""Sends samples to the remote storage in order, and finds those that it refuses for good."""

from collections.abc import Mapping
from time import monotonic
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.core.labels import encode_field
from telemetry.core.remote_storage import RemoteStorage
from telemetry.core.write_requests import compress, encode_samples
from telemetry.store.blocks import SampleArrays
from telemetry.store.remote.connection import RemoteStorageUnavailable, write
from telemetry.store.remote.labels import series_keys

MOST_SAMPLES = 10_000
# A body that the remote storage refuses is halved until its parts have so many samples.
LEAST_SAMPLES = 100
# Other writers of blocks wait while samples are sent.
LONGEST_S = 120.0


class WriteResult(NamedTuple):
    """`left` are the samples that the remote storage does not give back: `refused` ones, for the reason `refusal`, and
    stale markers, which it takes and leaves out of its answers."""

    left: SampleArrays
    refused: int
    refusal: str


class _Writer:
    def __init__(self, address: RemoteStorage, samples: SampleArrays, keys: Mapping[int, bytes]) -> None:
        self.address, self.samples, self.keys = address, samples, keys
        self.is_refused: NDArray[np.bool_] = np.zeros(len(samples.series), np.bool_)
        self.refusal = ""

    def send(self, begin: int, end: int) -> None:
        refusal = write(self.address, self._body(begin, end))
        if refusal is None:
            return
        if end - begin <= LEAST_SAMPLES:
            self.is_refused[begin:end] = True
            self.refusal = refusal
            return
        middle = (begin + end) // 2
        self.send(begin, middle)
        self.send(middle, end)

    def _body(self, begin: int, end: int) -> bytes:
        series, ts_ms = self.samples.series[begin:end], self.samples.ts_ms[begin:end]
        value = self.samples.value[begin:end]
        edges = np.flatnonzero(np.append(True, series[1:] != series[:-1])).tolist()
        return compress(
            encode_field(0x0A, self.keys[series_id] + encode_samples(ts_ms[first:last], value[first:last]))
            for series_id, first, last in zip(
                series[edges].tolist(), edges, [*edges[1:], len(series)], strict=True
            )
        )


def send(address: RemoteStorage, samples: SampleArrays) -> WriteResult:
    """Send samples, which are distinct and in order of series and time; those of series that are gone are dropped.
    Raises RemoteStorageUnavailable: then some may have arrived, and may be sent again."""
    until = monotonic() + LONGEST_S
    keys = series_keys(address, np.unique(samples.series))
    samples = samples.where(np.isin(samples.series, list(keys)))
    writer = _Writer(address, samples, keys)
    for begin in range(0, len(samples.series), MOST_SAMPLES):
        writer.send(begin, min(begin + MOST_SAMPLES, len(samples.series)))
        if monotonic() > until:
            raise RemoteStorageUnavailable(f"{address.host} takes longer than {LONGEST_S:.0f} s for samples")
    left = samples.where(writer.is_refused | np.isnan(samples.value))
    return WriteResult(left, int(writer.is_refused.sum()), writer.refusal)
