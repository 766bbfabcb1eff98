"""Find the series of incoming samples: a bounded cache of known ones, and one insert for all new ones."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.types.json import Jsonb

from telemetry.core.labels import NAME, digest_of_key, labels_of
from telemetry.core.registry import registry
from telemetry.core.replicas import sample_id, split_key
from telemetry.core.unit_rules import SourceUnits
from telemetry.matching import PLACE_FIELDS, inventory_for, place_of
from telemetry.models import Source
from telemetry.replicas.operations import numbers_by_name

# A cached series takes about 500 bytes. At the bound the cache is emptied and filled again.
REMEMBERED = 300_000
NO_SITE = 0
NO_BOUNDS = (np.inf, -np.inf, False)
"""Of a metric that Muster does not know, every value is a reading."""
type Missing = dict[bytes, tuple[bytes, list[tuple[bytes, int]]]]
"""Series that this process does not know yet, by the digest of their key: the key, and the keys as senders wrote them,
each with the number of its replica."""
_SLOT = np.dtype(
    [
        ("series_id", np.int64),
        ("site_id", np.int64),
        ("scale", np.float64),
        ("offset", np.float64),
        ("missing_from", np.float64),
        ("missing_below", np.float64),
        ("zero_is_missing", np.bool_),
    ]
)

_FIND = "SELECT digest, id, site_id FROM telemetry_series WHERE source_id = %s AND digest = ANY(%s)"
# Insert in key order, so that two drains cannot deadlock.
_ADD = f"""
INSERT INTO telemetry_series (source_id, digest, metric, labels, kind, first_seen_at, {", ".join(PLACE_FIELDS)})
SELECT * FROM unnest(%s::bigint[], %s::bytea[], %s::text[], %s::jsonb[], %s::text[], %s::timestamptz[], %s::bigint[],
    %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
ON CONFLICT (source_id, digest) DO NOTHING
"""


@dataclass
class KnownSeries:
    """The series of one source by key. Slot i of the columns is one series: its id, its site's, and how its values are
    read (`telemetry.readings.clean`). `tag` identifies the state that all of this rests on."""

    tag: tuple[Any, ...]
    slots: dict[bytes, int] = field(default_factory=dict)
    columns: NDArray[np.void] = field(default_factory=lambda: np.empty(64, _SLOT))

    def add(self, key: bytes, *slot: Any) -> None:
        place = len(self.slots)
        if place == len(self.columns):
            self.columns = np.resize(self.columns, 2 * place)
        self.slots[key] = place
        self.columns[place] = slot

    def slot_columns(self, keys: Sequence[bytes]) -> NDArray[np.void]:
        return self.columns[np.fromiter(map(self.slots.__getitem__, keys), np.int32, len(keys))]


class Memory:
    """Caches what this process knows about the sources' series. It may be emptied at any moment."""

    def __init__(self, bound: int = REMEMBERED) -> None:
        self._by_source: dict[int, KnownSeries] = {}
        self._bound = bound

    def series_of(self, source: Source) -> KnownSeries:
        tag = (
            source.status.match_revision,
            source.site_id,
            source.site_label,
            source.replica_label,
            source.units,
        )
        series = self._by_source.get(source.pk)
        if series is None or series.tag != tag:
            series = self._by_source[source.pk] = KnownSeries(tag)
        return series

    def forget(self, source_ids: Iterable[int]) -> None:
        for source_id in source_ids:
            self._by_source.pop(source_id, None)

    def trim(self) -> None:
        if sum(len(series.slots) for series in self._by_source.values()) > self._bound:
            self._by_source.clear()


def resolve(
    cursor: psycopg.Cursor[Any],
    *,
    sources: Mapping[int, Source],
    keys: Mapping[int, Sequence[Sequence[bytes]]],
    memory: Memory,
    now: datetime,
) -> dict[int, KnownSeries]:
    """Return the known series of each source, including all `keys` (lists of keys by source). Part of the caller's
    transaction: if that fails, the cache must drop these sources."""
    series_by_source = {source_id: memory.series_of(source) for source_id, source in sources.items()}
    missing: dict[int, Missing] = {}
    for source_id in sorted(keys):
        slots = series_by_source[source_id].slots
        unknown = {key for part in keys[source_id] for key in part if key not in slots}
        missing[source_id] = _group_by_digest(sources[source_id], unknown, now)
        _find(cursor, sources[source_id], missing[source_id], series_by_source[source_id])
    if any(missing.values()):
        _add(cursor, sources, missing, now)
        for source_id, left in missing.items():
            _find(cursor, sources[source_id], left, series_by_source[source_id])
    return series_by_source


def _group_by_digest(source: Source, keys: Iterable[bytes], now: datetime) -> Missing:
    """The keys by the series that they belong to: those of replicas share one."""
    parts = [(key, *split_key(key, source.replica_label)) for key in keys]
    names = {name for _, _, name in parts if name}
    numbers = numbers_by_name(source, names, now=now) if names else {}
    missing: Missing = {}
    for key, bare_key, name in parts:
        number = numbers.get(name, 0)
        series_key = bare_key if number else key
        missing.setdefault(digest_of_key(series_key), (series_key, []))[1].append((key, number))
    return missing


def _find(cursor: psycopg.Cursor[Any], source: Source, missing: Missing, known_series: KnownSeries) -> None:
    if not missing:
        return
    units = source.units
    for digest, series_id, site_id in cursor.execute(_FIND, [source.pk, list(missing)]).fetchall():
        series_key, sent = missing.pop(digest)
        reading = reading_of(units, labels_of(series_key))
        for key, number in sent:
            known_series.add(key, sample_id(series_id, number), site_id or NO_SITE, *reading)


def reading_of(units: SourceUnits, labels: Mapping[str, str]) -> tuple[float, float, float, float, bool]:
    metric = registry().get(labels[NAME], labels)
    conversion = units.conversion(labels[NAME], metric)
    bounds = (metric.missing_from, metric.missing_below, metric.zero_is_missing) if metric else NO_BOUNDS
    return conversion.factor, conversion.offset, *bounds


def _add(
    cursor: psycopg.Cursor[Any],
    sources: Mapping[int, Source],
    missing: Mapping[int, Missing],
    now: datetime,
) -> None:
    new = [
        (sources[source_id], digest, labels)
        for source_id, keys in sorted(missing.items())
        for digest, labels in sorted((digest, labels_of(key)) for digest, (key, _) in keys.items())
    ]
    names = {labels.get(source.site_label, "") for source, _, labels in new if source.site_label}
    inventory = inventory_for([source for source, _, _ in new], names)
    rows = [
        (
            source.pk,
            digest,
            labels[NAME],
            Jsonb({name: value for name, value in labels.items() if name != NAME}),
            registry().kind(labels[NAME], labels).value,
            now,
            *place_of(inventory.place(source, labels)),
        )
        for source, digest, labels in new
    ]
    if rows:
        cursor.execute(_ADD, [list(column) for column in zip(*rows, strict=True)])
