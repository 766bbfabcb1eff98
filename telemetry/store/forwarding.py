"""Forwards hot samples to an engine, where the setting names one: packing, with the engine in place of blocks.

The open table is sealed every few minutes and forwarded at once, the oldest first, so each series arrives in order. It
stays for an hour, which spares most reads the engine, and is dropped after some of its series were read back. What the
engine refuses becomes blocks. While it is away, tables wait, and are sealed as seldom as without an engine.
"""

import logging
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import psycopg
from django.conf import settings

from telemetry.binary import binary_cursor, fetched
from telemetry.core.instants import EPOCH, HOUR, ms
from telemetry.store import hot, packing
from telemetry.store.blocks import SampleArrays
from telemetry.store.engine.connection import EngineUnavailable
from telemetry.store.engine.reading import samples_stored
from telemetry.store.engine.writing import send
from telemetry.store.hot import HotTable

log = logging.getLogger(__name__)

FORWARDED_EVERY = timedelta(minutes=5)
# Series of a table that are read back before it is dropped, and how old the samples are at most that are compared:
# the engine may have dropped older ones.
READ_BACK = 20
READ_BACK_FOR = 6 * HOUR

_REFUSED = "UPDATE telemetry_hottable SET refused = refused + %s, refusal = %s WHERE id = %s"
_FORWARDED = "UPDATE telemetry_hottable SET forwarded_at = %s, failure = '' WHERE id = %s"
_AGAIN = """
UPDATE telemetry_hottable SET packed_through = 0, samples_packed = 0, forwarded_at = NULL, refused = 0, failure = %s
WHERE id = %s
"""
_FAILED = "UPDATE telemetry_hottable SET failure = %s WHERE id = %s"
_WAITING = """
SELECT min(opened_at), coalesce(sum(pg_table_size(to_regclass('telemetry_samplebatch_' || id))), 0)::bigint,
    coalesce((array_agg(failure ORDER BY id) FILTER (WHERE failure <> ''))[1], '')
FROM telemetry_hottable WHERE packed_at IS NULL AND forwarded_at IS NULL
"""
_REFUSALS = """
SELECT coalesce(sum(refused), 0)::bigint, coalesce((array_agg(refusal ORDER BY id DESC) FILTER (WHERE refused > 0))[1], '')
FROM telemetry_hottable WHERE forwarded_at > %s
"""


class WaitingSamples(NamedTuple):
    """Hot samples that the engine has not acknowledged: since when, their bytes, and why, "" if nothing failed."""

    since: datetime | None
    size_bytes: int
    failure: str


class RefusedSamples(NamedTuple):
    count: int
    reason: str


def forward_due(*, now: datetime, budget_s: float = packing.BUDGET_S) -> int:
    """Returns how many samples were forwarded, those counted that the engine refused."""
    waiting = [table for table in hot.hot_tables() if table.sealed_at and not table.forwarded_at]
    engine = packing.Destination(
        open_for=hot.OPEN_FOR if waiting else FORWARDED_EVERY,
        sealed_for=timedelta(0),
        keep=_forward,
        may_drop=_may_drop,
    )
    try:
        return packing.pack_due(now=now, oldest=EPOCH, budget_s=budget_s, destination=engine)
    except EngineUnavailable as error:
        log.warning("samples wait for the engine: %s", error)
        _note_failure(str(error))
        return 0


def _note_failure(failure: str) -> None:
    for table in hot.hot_tables():
        if table.sealed_at and not table.forwarded_at:
            with binary_cursor() as cursor:
                cursor.execute(_FAILED, [failure, table.id])
            return


def _forward(cursor: psycopg.Cursor[Any], table: HotTable, samples: SampleArrays) -> SampleArrays:
    result = send(settings.TELEMETRY_STORE, samples)
    if result.refused:
        log.warning("the engine refuses %d samples, which become blocks: %s", result.refused, result.refusal)
        cursor.execute(_REFUSED, [result.refused, result.refusal, table.id])
    return result.left


def _may_drop(cursor: psycopg.Cursor[Any], table: HotTable, now: datetime) -> bool:
    """Called when all samples of a table were sent. Does not believe that they are stored before some were read."""
    if table.forwarded_at is None:
        cursor.execute(_FORWARDED, [now, table.id])
        return False
    missing = _missing_samples(cursor, table, now)
    if missing <= table.refused:
        return True
    failure = f"{settings.TELEMETRY_STORE.host} took samples, and does not give back {missing} of them"
    log.error("%s: they are sent again", failure)
    cursor.execute(_AGAIN, [failure, table.id])
    return False


def _missing_samples(cursor: psycopg.Cursor[Any], table: HotTable, now: datetime) -> int:
    """How many samples of some series of a table, spread over all, the engine does not give back."""
    samples = packing.unpacked_samples(cursor, table)
    after_ms = ms(now - READ_BACK_FOR)
    samples = samples.where((samples.ts_ms > after_ms) & ~np.isnan(samples.value))
    series = np.unique(samples.series)
    chosen = series[:: -(-len(series) // READ_BACK) or 1]
    sent = samples.where(np.isin(samples.series, chosen))
    if not len(sent.series):
        return 0
    first, last = int(sent.ts_ms.min()), int(sent.ts_ms.max())
    stored = samples_stored(settings.TELEMETRY_STORE, chosen, first - 1, last)
    return len({*zip(*_keys(sent), strict=True)} - {*zip(*_keys(stored), strict=True)})


def _keys(samples: SampleArrays) -> tuple[list[int], list[int]]:
    return samples.series.tolist(), samples.ts_ms.tolist()


def waiting_samples() -> WaitingSamples:
    return WaitingSamples(*fetched(_WAITING, None)[0])


def is_full() -> bool:
    """Whether so many samples wait for the engine that senders must wait too."""
    if settings.TELEMETRY_STORE is None:
        return False
    return waiting_samples().size_bytes >= settings.TELEMETRY_STORE_WAITING_BYTES


def refused_samples(*, since: datetime) -> RefusedSamples:
    """What the engine refused since an instant, and the newest reason."""
    return RefusedSamples(*fetched(_REFUSALS, [since])[0])
