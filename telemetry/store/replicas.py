"""Takes the samples of one replica for each series (`telemetry.core.replicas`). Series of sources without replicas cost
nothing more: no sample of theirs has a number."""

from collections.abc import Mapping

import numpy as np
from django.db import connection

from telemetry.binary import fetched
from telemetry.core.instants import instant
from telemetry.core.replicas import (
    NUMBER_AT,
    ReplicaComparison,
    are_of_replicas,
    choose,
    compare,
    numbers_of,
    series_of,
)
from telemetry.store.blocks import Ints, SampleArrays

# With the ids of some series, the ids of all samples of theirs. The first condition is known before any row is read.
_NUMBERED = f"""
SELECT series.id + (replica.number::bigint << {NUMBER_AT}) FROM telemetry_series series
JOIN telemetry_replica replica ON replica.source_id = series.source_id AND replica.number > 0
WHERE EXISTS (SELECT FROM telemetry_replica)"""
SAMPLE_IDS = f"(%(ids)s::bigint[] || ARRAY({_NUMBERED} AND series.id = ANY(%(ids)s)))"
SAMPLE_IDS_OF_SOURCES = f"""
SELECT id FROM telemetry_series WHERE source_id = ANY(%(sources)s)
UNION ALL {_NUMBERED} AND series.source_id = ANY(%(sources)s)
"""
ID_OF_SERIES = f"(series_id & {(1 << NUMBER_AT) - 1})"
_COUNTERS = """
SELECT array_agg(id) FROM telemetry_series WHERE id = ANY(%s) AND kind IN ('counter', 'histogram')
"""
_END = """
UPDATE telemetry_series series SET ended_at = ended.at FROM unnest(%s::bigint[], %s::timestamptz[]) AS ended (id, at)
WHERE series.id = ended.id AND (series.ended_at IS NULL OR series.ended_at < ended.at)
"""
# Replicas may differ in what they say about their own scrapes: the target tells that.
_OF_SOURCE = """
SELECT source_id, array_agg(id) FROM telemetry_series
WHERE id = ANY(%s) AND metric !~ '^(up|scrape_.*)$' GROUP BY source_id
"""


def expanded(ids: Ints) -> Ints:
    """The ids of all samples of these series."""
    ((sample_ids,),) = fetched(f"SELECT {SAMPLE_IDS}", {"ids": ids})
    return np.unique(sample_ids)


def one_of_each(samples: SampleArrays) -> SampleArrays:
    """The samples of each series, of one replica where there are several; in order of series if they came so."""
    if not are_of_replicas(samples.series):
        return samples
    ids = series_of(samples.series)
    is_of_replicas = np.isin(ids, np.unique(ids[numbers_of(samples.series) > 0]))
    several, single = samples.where(is_of_replicas), samples.where(~is_of_replicas)
    ((counters,),) = fetched(_COUNTERS, [np.unique(ids[is_of_replicas])])
    read = choose(*several, () if counters is None else counters.tolist())
    return SampleArrays(
        np.concatenate((single.series, read.series)),
        np.concatenate((single.ts_ms, read.ts)),
        np.concatenate((single.value, read.value)),
    ).order_by_series()


def ends_of_series(samples: SampleArrays) -> dict[int, int]:
    """The last stale marker, in ms, of each series that replicas send and of which the newest sample of every sender
    here is a marker. A sender without the label is one of them."""
    ids = series_of(samples.series)
    samples = samples.where(np.isin(ids, ids[numbers_of(samples.series) > 0]))
    order = np.lexsort((~np.isnan(samples.value), samples.ts_ms, samples.series))
    ids, ts_ms = samples.series[order], samples.ts_ms[order]
    last = np.flatnonzero(np.append(ids[1:] != ids[:-1], True)[: len(ids)])
    is_marker = np.isnan(samples.value[order][last])
    alive = series_of(ids[last][~is_marker])
    ended_rows = last[is_marker & ~np.isin(series_of(ids[last]), alive)]
    ended_rows = ended_rows[np.argsort(ts_ms[ended_rows], kind="stable")]
    return dict(zip(series_of(ids[ended_rows]).tolist(), ts_ms[ended_rows].tolist(), strict=True))


def end_series(ends_ms: Mapping[int, int], later: SampleArrays) -> None:
    """End these series, without those that came back: they have a reading among the later samples."""
    returned = series_of(later.series[~np.isnan(later.value)])
    ends = [(series, instant(ends_ms[series])) for series in sorted(set(ends_ms) - set(returned.tolist()))]
    if ends:
        with connection.cursor() as cursor:
            cursor.execute(_END, [list(column) for column in zip(*ends, strict=True)])


def compared(samples: SampleArrays) -> dict[int, list[ReplicaComparison]]:
    """Comparisons of the replicas of each source, by what the samples of one window say."""
    ids = series_of(samples.series)
    return {
        source_id: compare(*samples.where(np.isin(ids, series)))
        for source_id, series in fetched(_OF_SOURCE, [np.unique(ids[numbers_of(samples.series) > 0])])
    }
