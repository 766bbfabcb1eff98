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
from telemetry.store.remote.connection import write
from telemetry.store.remote.labels import series_keys

MOST_SAMPLES = 10_000
# A body that the remote storage refuses is halved until its parts have so many samples.
LEAST_SAMPLES = 100
# Other writers of blocks wait while samples are sent. After this time a refused body is no longer halved, and sending
# ends behind the first series that is whole.
LONGEST_S = 120.0


class WriteResult(NamedTuple):
    """`remaining` are the samples that the remote storage does not give back: `refused` ones, for the reason `refusal`,
    and stale markers, which it takes and leaves out of its answers. `sent_through` is the last series that was sent
    whole, None if all were."""

    remaining: SampleArrays
    refused: int
    refusal: str
    sent_through: int | None


class _Writer:
    def __init__(
        self, address: RemoteStorage, samples: SampleArrays, keys: Mapping[int, bytes], longest_s: float
    ) -> None:
        self.address, self.samples, self.keys = address, samples, keys
        self.ends_at = monotonic() + longest_s
        self.is_refused: NDArray[np.bool_] = np.zeros(len(samples.series), np.bool_)
        self.refusal = ""

    @property
    def is_late(self) -> bool:
        return monotonic() > self.ends_at

    def send(self, begin: int, end: int) -> None:
        refusal = write(self.address, self._body(begin, end))
        if refusal is None:
            return
        if end - begin <= LEAST_SAMPLES or self.is_late:
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


def send(address: RemoteStorage, samples: SampleArrays, *, longest_s: float = LONGEST_S) -> WriteResult:
    """Send samples, which are distinct and in order of series and time; those of series that are gone are dropped.
    Raises RemoteStorageUnavailable: then some may have arrived, and may be sent again."""
    keys = series_keys(address, np.unique(samples.series))
    samples = samples.where(np.isin(samples.series, list(keys)))
    writer = _Writer(address, samples, keys, longest_s)
    count = len(samples.series)
    sent_count = 0
    for begin in range(0, count, MOST_SAMPLES):
        end = min(begin + MOST_SAMPLES, count)
        writer.send(begin, end)
        sent_count = end if end == count else int(np.searchsorted(samples.series, samples.series[end]))
        if sent_count and writer.is_late:
            break
    sent_samples = samples.where(np.arange(count) < sent_count)
    is_refused = writer.is_refused[:sent_count]
    return WriteResult(
        sent_samples.where(is_refused | np.isnan(sent_samples.value)),
        int(is_refused.sum()),
        writer.refusal,
        int(sent_samples.series[-1]) if sent_count < count else None,
    )
