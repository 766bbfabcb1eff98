"""Samples that tests append and pack, and what is read of them afterwards."""

from datetime import timedelta

import numpy as np
from django.db import connection

from telemetry import store
from telemetry.binary import binary_cursor
from telemetry.core.blocks import distinct
from telemetry.models import Series
from telemetry.store import packing
from tests.telemetry.sending import ms

# Those of the fixture `now`.
SERIES = (11, 12, 13, 14)


def append(samples, *, now):
    series, ts_ms, values = (np.array(column) for column in zip(*samples, strict=True))
    columns = store.SampleArrays(series.astype(np.int64), ts_ms.astype(np.int64), values.astype(float))
    sources = dict(Series.objects.values_list("pk", "source"))
    source_of_sample = np.array([sources[series_id] for series_id in columns.series.tolist()])
    batches = {source: columns.where(source_of_sample == source) for source in set(sources.values())}
    with binary_cursor() as cursor:
        store.append(cursor, batches, now=now)


def pack(now):
    return packing.pack_due(now=now, oldest=now - timedelta(days=30))


def pack_all(now):
    """Seal the open table, and pack it when its time has come. A drain opens it a moment after the time that it is
    given."""
    pack(now + timedelta(hours=2, seconds=1))
    return pack(now + timedelta(hours=3, minutes=1))


def read(ids=SERIES, *, after, until):
    return tuples_of(*store.samples(np.array(ids), after=after, until=until))


def tuples_of(series, ts_ms, values):
    series, ts_ms, values = distinct(series.astype(np.int64), ts_ms.astype(np.int64), values)
    bits = values.view(np.uint64)
    return list(zip(series.tolist(), ts_ms.tolist(), bits.tolist(), strict=True))


def stored_rows(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


def a_day(series, start, *, step_s=60, until=None, value=lambda number: float(number % 7)):
    count = int((until - start).total_seconds()) // step_s
    return [(series, ms(start) + 1000 * step_s * number, value(number)) for number in range(count)]


def damage_block(series):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE telemetry_block SET checksum = checksum + 1 WHERE series_id = %s", [series])
