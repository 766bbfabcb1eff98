"""Several senders of the same series: which replica brought a sample, and whether it is stored, held or a repetition.

Two Prometheus that scrape the same targets differ in one external label. Without it their series are the same. Each
series belongs to the replica that brought it first, until that one falls silent; what others bring of it meanwhile is
held, so that nothing is lost when it does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from telemetry.core.columns import Rejections, SampleColumns
from telemetry.core.labels import KeyCache, encode_field, key_of, labels_of

MOST_CHARS = 100
# Mimir's `ha_tracker_failover_timeout`.
SILENT_S = 30
NO_REPLICA = 0
NEVER = datetime.min.replace(tzinfo=UTC)


class SampleFate(IntEnum):
    STORED = 0
    REPEATED = 1
    """Its series belongs to a replica that has sent since, and so has brought the same."""
    TAKEN_OVER = 2
    """Its series belonged to a replica that is silent."""
    HELD = 3
    """Nobody knows yet whether the replica of its series is silent."""


@dataclass(frozen=True, slots=True)
class ReplicaPatience:
    """Within `cadence` a replica sends every series once; after `silence` without a body it is silent."""

    cadence: timedelta
    silence: timedelta


def patience_of(cadence_s: int) -> ReplicaPatience:
    """Two cadences pass where that is more than Mimir's time: a small sender is quiet between two scrapes."""
    return ReplicaPatience(timedelta(seconds=cadence_s), timedelta(seconds=max(SILENT_S, 2 * cadence_s)))


def split_by_replica(
    columns: SampleColumns, names: Sequence[str], cache: KeyCache
) -> dict[str, SampleColumns]:
    """Samples by replica, "" for none, with keys that lack the labels of these names. The first part has what was
    refused of the whole."""
    marks = [encode_field(0x0A, name.encode()) for name in names]
    if not any(mark in key for key in columns.keys for mark in marks):
        return {"": columns}
    split_keys = [_split_key(key, names, cache) for key in columns.keys]
    rejected = columns.rejected
    parts: dict[str, SampleColumns] = {}
    for replica in sorted({replica for _, replica in split_keys}):
        places: dict[bytes, int] = {}
        place_of_key = np.full(len(split_keys), -1, np.int32)
        for number, (key, of_key) in enumerate(split_keys):
            if of_key == replica:
                place_of_key[number] = places.setdefault(key, len(places))
        index = place_of_key[columns.series_index]
        is_own = index >= 0
        parts[replica.decode()] = SampleColumns(
            list(places), index[is_own], columns.ts_ms[is_own], columns.value[is_own], rejected
        )
        rejected = Rejections()
    return parts


def _split_key(key: bytes, names: Sequence[str], cache: KeyCache) -> tuple[bytes, ...]:
    """The key without the replica's labels, and the replica."""
    if (parts := cache.groups.get(key)) is None:
        labels = labels_of(key)
        values = [value for name in names if (value := labels.pop(name, ""))]
        parts = (key_of(labels), _short("/".join(values)).encode()) if values else (key, b"")
        cache.put_group(key, parts)
    return parts


def _short(name: str) -> str:
    if len(name) <= MOST_CHARS:
        return name
    digest = blake2b(name.encode(), digest_size=8).hexdigest()
    return name[: MOST_CHARS - len(digest) - 1] + "…" + digest


def fates(
    owners: NDArray[np.int64],
    *,
    replica: int,
    received_at: datetime,
    heard_at: Mapping[int, datetime],
    patience: ReplicaPatience,
    now: datetime,
) -> tuple[NDArray[np.int8], datetime | None]:
    """The fate of each sample that a replica brought, by the replica that its series belongs to, and until when those
    that are held wait. `heard_at` says when each replica was last heard. Whoever names no replica is no pair."""
    decided = np.full(len(owners), SampleFate.STORED, np.int8)
    held_until: datetime | None = None
    others = set(np.unique(owners).tolist()) - {NO_REPLICA, replica} if replica != NO_REPLICA else set()
    for owner in sorted(others):
        last_heard_at = heard_at.get(owner, NEVER)
        silent_from = max(last_heard_at, received_at) + patience.silence
        if last_heard_at >= received_at + patience.cadence:
            fate = SampleFate.REPEATED
        elif now >= silent_from:
            fate = SampleFate.TAKEN_OVER
        else:
            fate = SampleFate.HELD
            held_until = max(held_until or silent_from, silent_from)
        decided[owners == owner] = fate
    return decided, held_until
