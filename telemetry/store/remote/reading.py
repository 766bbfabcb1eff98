"""Reads samples back from the remote storage, for what is neither hot nor in blocks.

They are read after the hot ones: a hot table that is dropped in between was in the remote storage before.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from telemetry.binary import fetched
from telemetry.core.instants import HOUR, ms
from telemetry.core.remote_storage import RemoteStorage
from telemetry.core.replicas import sample_id, series_of
from telemetry.store.blocks import NO_SAMPLES, Ints, SampleArrays, joined
from telemetry.store.remote.connection import query
from telemetry.store.remote.labels import SERIES, SOURCE, selector, series_label

# Series of one query, so that its text and its answer stay small.
AT_ONCE = 500
_LABELS = """
SELECT series.id, digest, number FROM telemetry_series series CROSS JOIN LATERAL (
    SELECT 0 AS number UNION
    SELECT replica.number FROM telemetry_replica replica WHERE replica.source_id = series.source_id
) replica WHERE """
_OF_SERIES, _OF_SOURCES = f"{_LABELS} series.id = ANY(%s)", f"{_LABELS} series.source_id = ANY(%s)"
_NEWEST = "SELECT max(newest_at) FROM telemetry_hottable"


def add_series(read: SampleArrays, ids: Any, *, after: datetime, until: datetime) -> SampleArrays:
    """Put the remote storage's samples of these series before those that were read, in order of series."""
    return _together(read, _samples_of_series(ids, ms(after), ms(until)))


def add_sources(
    read: SampleArrays, sources: Collection[int], *, after: datetime, until: datetime
) -> SampleArrays:
    storage = settings.TELEMETRY_STORE
    if storage is None or (reach := _reach_ms()) <= ms(after):
        return read
    parts = [
        _samples(
            storage,
            selector(storage, SOURCE, [str(source)]),
            _labels(_OF_SOURCES, [source]),
            ms(after),
            min(ms(until), reach),
        )
        for source in sorted(sources)
    ]
    return _together(read, joined([NO_SAMPLES, *parts]))


def add_spans(read: SampleArrays, series: Ints, starts_ms: Ints, ends_ms: Ints) -> SampleArrays:
    """Add the remote storage's samples of a span of each series; samples from between spans may come too."""
    # Hot series are not asked for because a longer span of another one overlaps theirs.
    is_older = starts_ms < remote_until_ms()
    series, starts_ms, ends_ms = series[is_older], starts_ms[is_older], ends_ms[is_older]
    parts = [
        _samples_of_series(series[places], int(starts_ms[places].min()), int(ends_ms[places].max()))
        for places in _neighbours(starts_ms, ends_ms)
    ]
    return _together(read, joined([NO_SAMPLES, *parts]))


def samples_stored(storage: RemoteStorage, ids: Any, after_ms: int, until_ms: int) -> SampleArrays:
    """The samples of these series after an instant up to another that the remote storage has. Raises
    RemoteStorageUnavailable."""
    labels = _labels(_OF_SERIES, np.unique(series_of(np.asarray(ids, np.int64))))
    names = sorted(labels)
    parts = [
        _samples(
            storage, selector(storage, SERIES, names[first : first + AT_ONCE]), labels, after_ms, until_ms
        )
        for first in range(0, len(names), AT_ONCE)
    ]
    return joined([NO_SAMPLES, *parts])


def _samples_of_series(ids: Any, after_ms: int, until_ms: int) -> SampleArrays:
    storage = settings.TELEMETRY_STORE
    if storage is None or (reach := _reach_ms()) <= after_ms:
        return NO_SAMPLES
    return samples_stored(storage, ids, after_ms, min(until_ms, reach))


def _together(read: SampleArrays, stored: SampleArrays) -> SampleArrays:
    return joined((stored, read)).order_by_series() if len(stored.series) else read


def remote_until_ms() -> int:
    """The time of the newest sample that only the remote storage may have, 0 without a remote storage."""
    return 0 if settings.TELEMETRY_STORE is None else _reach_ms()


def _reach_ms() -> int:
    """The time of the newest sample that is no longer hot, 0 without any."""
    ((newest_at,),) = fetched(_NEWEST, None)
    return ms(newest_at) if newest_at else 0


def _labels(statement: str, ids: Any) -> dict[str, int]:
    return {
        series_label(series_id, digest, number): sample_id(series_id, number)
        for series_id, digest, number in fetched(statement, [ids])
    }


def _samples(
    storage: RemoteStorage, selected: str, labels: dict[str, int], after_ms: int, until_ms: int
) -> SampleArrays:
    if until_ms <= after_ms:
        return NO_SAMPLES
    answer = query(storage, f"{selected}[{until_ms - after_ms}ms]", at_ms=until_ms)
    parts = [
        _unpacked(labels[name], line["values"])
        for line in answer
        if (name := line["metric"].get(SERIES)) in labels
    ]
    read = joined([NO_SAMPLES, *parts])
    # Storages differ in whether the first instant belongs to a range.
    return read.where((read.ts_ms > after_ms) & (read.ts_ms <= until_ms))


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
