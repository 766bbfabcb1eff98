"""Limits of a source's series: new ones in five minutes, and all that have not ended.

Decided on receipt, so that the sender gets the answer. The keys of known series are cached and only others are looked
up, so that an ordinary body needs no query. The rate is counted in one row for all web processes (a new series that
reaches two of them before the drain counts twice). Each process counts the total once a minute, so it may be exceeded
within that time.

A burst takes a share of the rate: a job on a host may have half of what the others of its source have left. So another
one still gets its new series in. Each process counts the shares by itself.

A series that several replicas send counts once. Each process knows which new names of replicas it let in, so that no
more of them than there are numbers do so.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import psycopg
from django.conf import settings

from telemetry.binary import binary_cursor
from telemetry.core.columns import SampleColumns, drop_refused
from telemetry.core.labels import RefusalReason, digest_of_key, labels_of
from telemetry.core.replicas import split_key
from telemetry.counts import activity_start
from telemetry.models import Source
from telemetry.replicas.queries import numbered_names

# What is remembered of all sources. The decoder holds most of these keys as well: then they are the same objects, which
# is why keys and not their hashes are kept (a third of the time to compare). Past the bound all are forgotten.
REMEMBERED_BYTES = 96 * 1024 * 1024
ENTRY_BYTES = 100
COUNTED_EVERY = timedelta(minutes=1)
JOB_LABELS = ("job", "instance")

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


@dataclass(slots=True)
class NewSeries:
    """Counts of a source in the five minutes from `start`: all, as the database has them, and by job and host, as this
    process does, and the replicas that it let in and that may have no row yet."""

    start: datetime
    total: int = 0
    replicas: set[str] = field(default_factory=set)
    by_job: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def share_of(self, job: tuple[str, ...]) -> int:
        """How many more it may bring. Series that name neither job nor host cannot be told apart."""
        if not any(job):
            return settings.TELEMETRY_NEW_SERIES
        left_by_others = settings.TELEMETRY_NEW_SERIES - (self.total - self.by_job[job])
        return max(0, (left_by_others + 1) // 2 - self.by_job[job])


class SeriesLimits:
    """Accepts samples of known series, and of new ones up to the limits."""

    def __init__(self, most_bytes: int = REMEMBERED_BYTES) -> None:
        self._known: dict[int, set[bytes]] = {}
        self._bytes = 0
        self._most_bytes = most_bytes
        self._totals: dict[int, SeriesTotal] = {}
        self._arrivals: dict[int, NewSeries] = {}

    def let_in(self, columns: SampleColumns, *, source: Source, now: datetime) -> SampleColumns:
        known_keys = self._known.setdefault(source.pk, set())
        if known_keys.issuperset(columns.keys):
            return columns
        unknown = [place for place, key in enumerate(columns.keys) if key not in known_keys]
        self._begin_five_minutes(source, now)
        with binary_cursor() as cursor:
            places = _places_of_new(cursor, source, self._series_keys(source, columns, unknown))
            new = list(places)
            within = self._limit_by_total(cursor, source, len(new), now)
            jobs = {place: _job_of(columns.keys[place]) for place in new[:within]}
            shared, beyond_share = self._limit_by_share(source, jobs)
            granted = self._limit_by_rate(cursor, source, len(shared))
        if granted:
            self._totals[source.pk].series += granted
            self._arrivals[source.pk].by_job.update(jobs[place] for place in shared[:granted])
        first_places = {
            RefusalReason.TOO_MANY_NEW_SERIES: [*shared[granted:], *beyond_share],
            RefusalReason.TOO_MANY_SERIES: new[within:],
        }
        refused = {
            reason: [place for first in firsts for place in places[first]]
            for reason, firsts in first_places.items()
        }
        beyond = {place for refused_places in refused.values() for place in refused_places}
        self._remember(source, [columns.keys[place] for place in unknown if place not in beyond])
        return drop_refused(columns, refused) if beyond else columns

    def _begin_five_minutes(self, source: Source, now: datetime) -> None:
        arrivals = self._arrivals.get(source.pk)
        if arrivals is None or arrivals.start != activity_start(now):
            self._arrivals[source.pk] = NewSeries(activity_start(now))

    def _series_keys(self, source: Source, columns: SampleColumns, places: list[int]) -> dict[int, bytes]:
        """The keys at these places as the drain will store them: without the label of a replica that has a number."""
        parts = {place: split_key(columns.keys[place], source.replica_label) for place in places}
        names = {name for _, name in parts.values() if name}
        if names:
            waiting = self._arrivals[source.pk].replicas
            names = numbered_names(source, names, waiting=waiting)
            waiting |= names
        return {
            place: bare_key if name in names else columns.keys[place]
            for place, (bare_key, name) in parts.items()
        }

    def _limit_by_share(
        self, source: Source, jobs: Mapping[int, tuple[str, ...]]
    ) -> tuple[list[int], list[int]]:
        """Places of the series within the share of their job, and of those beyond it."""
        arrivals = self._arrivals[source.pk]
        left = {job: arrivals.share_of(job) for job in set(jobs.values())}
        shared: list[int] = []
        beyond: list[int] = []
        for place, job in jobs.items():
            (shared if left[job] > 0 else beyond).append(place)
            left[job] -= 1
        return shared, beyond

    def _limit_by_total(self, cursor: psycopg.Cursor, source: Source, new: int, now: datetime) -> int:
        if not new:
            return 0
        total = self._totals.get(source.pk)
        if total is None or abs(now - total.counted_at) >= COUNTED_EVERY:
            row = cursor.execute(_COUNT, {"source": source.pk}).fetchone()
            total = self._totals[source.pk] = SeriesTotal(now, row[0] if row else 0)
        return min(new, max(0, settings.TELEMETRY_SERIES - total.series))

    def _limit_by_rate(self, cursor: psycopg.Cursor, source: Source, new: int) -> int:
        arrivals, limit = self._arrivals[source.pk], settings.TELEMETRY_NEW_SERIES
        if not new or arrivals.total >= limit:
            return 0
        row = cursor.execute(_MEET, [source.pk, arrivals.start, new]).fetchone()
        arrivals.total = row[0] if row else new
        return min(new, max(0, limit - (arrivals.total - new)))

    def _remember(self, source: Source, keys: list[bytes]) -> None:
        size = sum(map(len, keys)) + ENTRY_BYTES * len(keys)
        if self._bytes + size > self._most_bytes:
            self._known.clear()
            self._bytes = 0
        self._bytes += size
        self._known.setdefault(source.pk, set()).update(keys)


def _places_of_new(
    cursor: psycopg.Cursor, source: Source, series_keys: Mapping[int, bytes]
) -> dict[int, list[int]]:
    """Where each new series stands first, with all its places: several replicas may send it in one body."""
    places: dict[bytes, list[int]] = {}
    for place, key in series_keys.items():
        places.setdefault(digest_of_key(key), []).append(place)
    for (digest,) in cursor.execute(_FIND, [source.pk, list(places)]).fetchall():
        del places[digest]
    return {of_series[0]: of_series for of_series in places.values()}


def _job_of(key: bytes) -> tuple[str, ...]:
    labels = labels_of(key)
    return tuple(labels.get(name, "") for name in JOB_LABELS)
