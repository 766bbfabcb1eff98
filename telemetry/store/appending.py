"""Samples on their way into the hot table, and out of all tables when their series go."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from django.db import connection, transaction

from telemetry.binary import binary_cursor
from telemetry.core.batches import pack_batch, unpack_batch
from telemetry.core.blocks import DAY_MS
from telemetry.core.instants import instant
from telemetry.core.replicas import series_of
from telemetry.store import hot, partitions
from telemetry.store.blocks import DAMAGED, SampleArrays, take_turn
from telemetry.store.replicas import expanded

_SOURCES = """
SELECT source_id, bool_and(id = ANY(%s)) FROM telemetry_series
WHERE source_id IN (SELECT source_id FROM telemetry_series WHERE id = ANY(%s)) GROUP BY source_id
"""
_PLACES = "SELECT tableoid::regclass::text, ctid::text FROM telemetry_samplebatch WHERE source_id = %s"
_COLUMNS = "source_id, first_at, last_at, samples, packed"
_TYPES = ("int8", "timestamptz", "timestamptz", "int4", "bytea")


def append(cursor: psycopg.Cursor[Any], samples: Mapping[int, SampleArrays], *, now: datetime) -> None:
    """Store the samples of each source, in the caller's transaction."""
    copy_batches(cursor, hot.writable(cursor, now=now), samples)


def copy_batches(cursor: psycopg.Cursor[Any], table: str, samples: Mapping[int, SampleArrays]) -> None:
    with cursor.copy(f"COPY {table} ({_COLUMNS}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(_TYPES)
        for source_id, of_source in samples.items():
            for batch in _split_by_day(of_source):
                span = instant(int(batch.ts_ms.min())), instant(int(batch.ts_ms.max()))
                copy.write_row((source_id, *span, len(batch.series), pack_batch(*batch)))


def _split_by_day(samples: SampleArrays) -> Iterator[SampleArrays]:
    """No batch has samples of two days, so that those of a day that is past its time go as a whole."""
    if not len(samples.series):
        return
    first, last = int(samples.ts_ms.min()) // DAY_MS, int(samples.ts_ms.max()) // DAY_MS
    if first == last:
        yield samples
        return
    days = samples.ts_ms // DAY_MS
    for day in np.unique(days).tolist():
        yield samples.where(days == day)


@transaction.atomic
def erase(series_ids: Sequence[int]) -> None:
    """Delete all samples and roll-ups of these series."""
    take_turn(wait=True)
    sample_ids = expanded(np.array(series_ids, np.int64)).tolist()
    with connection.cursor() as cursor:
        for table in (*(partitioned.table for partitioned in partitions.ALL), DAMAGED):
            cursor.execute(f"DELETE FROM {table} WHERE series_id = ANY(%s)", [sample_ids])
    with binary_cursor() as cursor:
        for source_id, is_whole in cursor.execute(_SOURCES, [list(series_ids)] * 2).fetchall():
            if is_whole:
                cursor.execute(f"DELETE FROM {hot.TABLE} WHERE source_id = %s", [source_id])
            else:
                _erase_from_batches(cursor, source_id, series_ids)


def _erase_from_batches(cursor: psycopg.Cursor[Any], source_id: int, series_ids: Sequence[int]) -> None:
    for table, place in cursor.execute(_PLACES, [source_id]).fetchall():
        deleted = cursor.execute(f"DELETE FROM {table} WHERE ctid = %s::text::tid RETURNING packed", [place])
        for (packed,) in deleted.fetchall():
            samples = SampleArrays(*unpack_batch(packed))
            copy_batches(
                cursor, table, {source_id: samples.where(~np.isin(series_of(samples.series), series_ids))}
            )
