"""Limits of a source's series: new ones in five minutes, and all that have not ended.

Decided on receipt, so that the sender gets the answer. The keys of known series are cached and only others are looked
up, so that an ordinary body needs no query. The rate is counted in one row for all web processes (a new series that
reaches two of them before the drain counts twice). Each process counts the total once a minute, so it may be exceeded
within that time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from django.conf import settings

from telemetry.binary import binary_cursor
from telemetry.core.columns import SampleColumns, drop_refused
from telemetry.core.labels import RefusalReason, digest_of_key
from telemetry.counts import activity_start
from telemetry.models import Source

# What is remembered of all sources. The decoder holds most of these keys as well: then they are the same objects, which
# is why keys and not their hashes are kept (a third of the time to compare). Past the bound all are forgotten.
REMEMBERED_BYTES = 96 * 1024 * 1024
ENTRY_BYTES = 100
COUNTED_EVERY = timedelta(minutes=1)

_FIND = "SELECT digest FROM telemetry_series WHERE source_id = %s AND digest = ANY(%s)"
# Both counts use index-only scans; no index covers the series that have not ended.
_COUNT = """
SELECT (SELECT count(*) FROM telemetry_series WHERE source_id = %(source)s)
    - (SELECT count(*) FROM telemetry_series WHERE source_id = %(source)s AND ended_at IS NOT NULL)
"""
_MEET = """
INSERT INTO telemetry_sourceactivity AS kept (source_id, start, batches, samples, rejected, lag_max_s, new_series)
VALUES (%s, %s, 0, 0, 0, 0, %s)
ON CONFLICT (source_id, start) DO UPDATE SET new_series = kept.new_series + excluded.new_series RETURNING new_series
"""


@dataclass(slots=True)
class SeriesTotal:
    """Number of a source's series that have not ended, counted at an instant and increased since."""

    counted_at: datetime
    series: int


class SeriesLimits:
    """Accepts samples of known series, and of new ones up to the limits."""

    def __init__(self, most_bytes: int = REMEMBERED_BYTES) -> None:
        self._known: dict[int, set[bytes]] = {}
        self._bytes = 0
        self._most_bytes = most_bytes
        self._totals: dict[int, SeriesTotal] = {}
        self._spent: dict[int, datetime] = {}

    def let_in(self, columns: SampleColumns, *, source: Source, now: datetime) -> SampleColumns:
        known_keys = self._known.setdefault(source.pk, set())
        if known_keys.issuperset(columns.keys):
            return columns
        unknown = [place for place, key in enumerate(columns.keys) if key not in known_keys]
        with binary_cursor() as cursor:
            new = _new(cursor, source, columns, unknown)
            within = self._limit_by_total(cursor, source, len(new), now)
            granted = self._limit_by_rate(cursor, source, within, now)
        if granted:
            self._totals[source.pk].series += granted
        refused = {
            RefusalReason.TOO_MANY_NEW_SERIES: new[granted:within],
            RefusalReason.TOO_MANY_SERIES: new[within:],
        }
        beyond = set(new[granted:])
        self._remember(source, [columns.keys[place] for place in unknown if place not in beyond])
        return drop_refused(columns, refused) if beyond else columns

    def _limit_by_total(self, cursor: psycopg.Cursor, source: Source, new: int, now: datetime) -> int:
        if not new:
            return 0
        total = self._totals.get(source.pk)
        if total is None or abs(now - total.counted_at) >= COUNTED_EVERY:
            row = cursor.execute(_COUNT, {"source": source.pk}).fetchone()
            total = self._totals[source.pk] = SeriesTotal(now, row[0] if row else 0)
        return min(new, max(0, settings.TELEMETRY_SERIES - total.series))

    def _limit_by_rate(self, cursor: psycopg.Cursor, source: Source, new: int, now: datetime) -> int:
        start, limit = activity_start(now), settings.TELEMETRY_NEW_SERIES
        if not new or self._spent.get(source.pk) == start:
            return 0
        row = cursor.execute(_MEET, [source.pk, start, new]).fetchone()
        met = row[0] if row else new
        if met >= limit:
            self._spent[source.pk] = start
        return min(new, max(0, limit - (met - new)))

    def _remember(self, source: Source, keys: list[bytes]) -> None:
        size = sum(map(len, keys)) + ENTRY_BYTES * len(keys)
        if self._bytes + size > self._most_bytes:
            self._known.clear()
            self._bytes = 0
        self._bytes += size
        self._known.setdefault(source.pk, set()).update(keys)


def _new(cursor: psycopg.Cursor, source: Source, columns: SampleColumns, places: list[int]) -> list[int]:
    digests = {digest_of_key(columns.keys[place]): place for place in places}
    for (digest,) in cursor.execute(_FIND, [source.pk, list(digests)]).fetchall():
        del digests[digest]
    return list(digests.values())
