"""Reads samples back from the remote storage, for what is neither hot nor in blocks.

They are read after the hot ones: a hot table that is dropped in between was in the remote storage before.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from time import monotonic
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from telemetry.binary import fetched
from telemetry.core.instants import HOUR, ms
from telemetry.core.remote_storage import RemoteStorage
from telemetry.core.replicas import sample_id, series_of
from telemetry.store.blocks import NO_SAMPLES, Ints, SampleArrays, joined
from telemetry.store.remote.connection import QUERY_S, RemoteStorageUnavailable, StorageAnswerTooLarge, query
from telemetry.store.remote.labels import SERIES, SOURCE, selector, series_label

# Series of one query, so that its text and its answer stay small.
AT_ONCE = 500
# Queries of one read follow one another in the thread of a page.
TOGETHER_S = 30.0
_LABELS = """
SELECT series.id, digest, number FROM telemetry_series series CROSS JOIN LATERAL (
    SELECT 0 AS number UNION
    SELECT replica.number FROM telemetry_replica replica WHERE replica.source_id = series.source_id
) replica WHERE """
_OF_SERIES, _OF_SOURCES = f"{_LABELS} series.id = ANY(%s)", f"{_LABELS} series.source_id = ANY(%s)"
_NEWEST = "SELECT max(newest_at) FROM telemetry_hottable"


class StorageRead:
    """Queries that have to end together, within `limit_s`. Raises RemoteStorageUnavailable."""

    def __init__(self, storage: RemoteStorage, *, limit_s: float = TOGETHER_S) -> None:
        self._storage, self._ends_at = storage, monotonic() + limit_s

    def samples_of_series(self, ids: Any, after_ms: int, until_ms: int) -> SampleArrays:
        """The samples of these series after an instant up to another."""
        sample_ids = _sample_ids(_OF_SERIES, np.unique(series_of(np.asarray(ids, np.int64))))
        values = sorted(sample_ids)
        parts = [
            self._samples(SERIES, values[first : first + AT_ONCE], sample_ids, after_ms, until_ms)
            for first in range(0, len(values), AT_ONCE)
        ]
        return joined([NO_SAMPLES, *parts])

    def samples_of_source(self, source: int, after_ms: int, until_ms: int) -> SampleArrays:
        return self._samples(SOURCE, [str(source)], _sample_ids(_OF_SOURCES, [source]), after_ms, until_ms)

    def _samples(
        self, label: str, values: list[str], sample_ids: dict[str, int], after_ms: int, until_ms: int
    ) -> SampleArrays:
        if until_ms <= after_ms:
            return NO_SAMPLES
        selected = f"{selector(self._storage, label, values)}[{until_ms - after_ms}ms]"
        try:
            answer = query(self._storage, selected, at_ms=until_ms, limit_s=self._limit_s())
        except StorageAnswerTooLarge:
            if len(values) > 1:
                middle = len(values) // 2
                halves = [
                    self._samples(label, half, sample_ids, after_ms, until_ms)
                    for half in (values[:middle], values[middle:])
                ]
            elif until_ms - after_ms > 1:
                middle_ms = (after_ms + until_ms) // 2
                halves = [
                    self._samples(label, values, sample_ids, *span)
                    for span in ((after_ms, middle_ms), (middle_ms, until_ms))
                ]
            else:
                raise
            return joined(halves)
        parts = [
            _unpacked(sample_ids[name], line["values"])
            for line in answer
            if (name := line["metric"].get(SERIES)) in sample_ids
        ]
        samples = joined([NO_SAMPLES, *parts])
        # Storages differ in whether the first instant belongs to a range.
        return samples.where((samples.ts_ms > after_ms) & (samples.ts_ms <= until_ms))

    def _limit_s(self) -> float:
        remaining_s = self._ends_at - monotonic()
        if remaining_s <= 0:
            raise RemoteStorageUnavailable(f"{self._storage.host} takes too long to answer several queries")
        return min(QUERY_S, remaining_s)


def add_series(samples: SampleArrays, ids: Any, *, after: datetime, until: datetime) -> SampleArrays:
    """Put the remote storage's samples of these series before others, in order of series."""
    storage = settings.TELEMETRY_STORE
    if storage is None or (reach := _reach_ms()) <= ms(after):
        return samples
    return _merged(samples, StorageRead(storage).samples_of_series(ids, ms(after), min(ms(until), reach)))


def add_sources(
    samples: SampleArrays, sources: Collection[int], *, after: datetime, until: datetime
) -> SampleArrays:
    """Put the remote storage's samples of these sources before others, in order of series."""
    storage = settings.TELEMETRY_STORE
    if storage is None or (reach := _reach_ms()) <= ms(after):
        return samples
    storage_read = StorageRead(storage)
    parts = [
        storage_read.samples_of_source(source, ms(after), min(ms(until), reach)) for source in sorted(sources)
    ]
    return _merged(samples, joined([NO_SAMPLES, *parts]))


def add_spans(samples: SampleArrays, series: Ints, starts_ms: Ints, ends_ms: Ints) -> SampleArrays:
    """Put the remote storage's samples of a span of each series before others, in order of series; samples from between
    spans may come too."""
    storage = settings.TELEMETRY_STORE
    if storage is None:
        return samples
    reach = _reach_ms()
    # Hot series are not read because a longer span of another one overlaps theirs.
    is_older = starts_ms < reach
    series, starts_ms, ends_ms = series[is_older], starts_ms[is_older], ends_ms[is_older]
    storage_read = StorageRead(storage)
    parts = [
        storage_read.samples_of_series(
            series[places], int(starts_ms[places].min()), min(int(ends_ms[places].max()), reach)
        )
        for places in _neighbours(starts_ms, ends_ms)
    ]
    return _merged(samples, joined([NO_SAMPLES, *parts]))


def _merged(samples: SampleArrays, stored: SampleArrays) -> SampleArrays:
    return joined((stored, samples)).order_by_series() if len(stored.series) else samples


def remote_until_ms() -> int:
    """The time of the newest sample that only the remote storage may have, 0 without a remote storage."""
    return 0 if settings.TELEMETRY_STORE is None else _reach_ms()


def _reach_ms() -> int:
    """The time of the newest sample that is no longer hot, 0 without any."""
    ((newest_at,),) = fetched(_NEWEST, None)
    return ms(newest_at) if newest_at else 0


def _sample_ids(statement: str, ids: Any) -> dict[str, int]:
    """The ids of samples by the labels of their series in the storage."""
    return {
        series_label(series_id, digest, number): sample_id(series_id, number)
        for series_id, digest, number in fetched(statement, [ids])
    }


def _unpacked(series_id: int, values: list[tuple[float, str]]) -> SampleArrays:
    ts_ms: NDArray[np.int64] = np.rint(np.array([at_s for at_s, _ in values]) * 1000).astype(np.int64)
    value = np.array([text for _, text in values], np.str_).astype(np.float64)
    return SampleArrays(np.full(len(values), series_id), ts_ms, value)


def _neighbours(starts_ms: Ints, ends_ms: Ints) -> Iterator[NDArray[np.intp]]:
    """The places of spans that are less than an hour apart."""
    if not len(starts_ms):
        return
    order = np.argsort(starts_ms, kind="stable")
    ended_ms = np.maximum.accumulate(ends_ms[order])
    is_far = starts_ms[order][1:] > ended_ms[:-1] + HOUR.total_seconds() * 1000
    yield from np.split(order, np.flatnonzero(is_far) + 1)
