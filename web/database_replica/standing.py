"""Tells how the replica is: each web process notes in Valkey what it measured, which may be lost."""

import json
import logging
import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.conf import settings

from web import metrics, units, valkey
from web.database_replica.measuring import is_configured, watch
from web.faults import MusterFault

log = logging.getLogger(__name__)

KEY = "muster:database-replica"
NOTED_WITHIN = timedelta(seconds=15)
GAUGES = (metrics.GaugeFamily("muster_database_replica_age_seconds", "How far it is behind the primary"),)
_client = valkey.client(timeout_s=0.5)


@dataclass(frozen=True, slots=True)
class DatabaseReplicaStanding:
    """A web process measured this. `trouble` says why it reads the primary, "" if it reads the replica."""

    process: str
    age_s: float | None
    trouble: str


def note(*, now: datetime) -> None:
    """Keep what this process measured."""
    measurement = json.dumps([now.timestamp(), watch.age_s, trouble()])
    try:
        _client.hset(KEY, f"{socket.gethostname()}:{os.getpid()}", measurement)
    except redis.RedisError as error:
        log.warning("the state of the replica is not noted: %s", error)


def trouble() -> str:
    """Say why this process reads the primary; "" if it reads the replica."""
    age_s = watch.age_s
    if watch.trouble or watch.may_be_read:
        return watch.trouble
    if age_s is None:
        return "it is further behind than was measured yet"
    return f"it is {units.duration(age_s)} behind; {settings.DATABASE_REPLICA_LAG_S} s are allowed"


def standings(*, now: datetime) -> list[DatabaseReplicaStanding]:
    """Return what web processes noted lately, by name; empty without a replica."""
    try:
        noted = {str(name): json.loads(text) for name, text in _client.hgetall(KEY).items()}
        limit = (now - NOTED_WITHIN).timestamp()
        if gone := [name for name, (at_s, *_) in noted.items() if at_s < limit]:
            _client.hdel(KEY, *gone)
    except redis.RedisError as error:
        log.warning("cannot tell how the replica is: %s", error)
        return []
    return [
        DatabaseReplicaStanding(name, age_s, reason)
        for name, (at_s, age_s, reason) in sorted(noted.items())
        if at_s >= limit
    ]


def worst_standing(*, now: datetime) -> DatabaseReplicaStanding | None:
    """Return what a web process with trouble noted, else the one that is furthest behind; None without a replica."""
    return max(standings(now=now), key=lambda each: (bool(each.trouble), each.age_s or 0), default=None)


def faults(now: datetime) -> Iterator[MusterFault]:
    troubled = [each for each in standings(now=now) if each.trouble]
    if troubled:
        processes = units.how_many(len(troubled), "web process reads", "web processes read")
        detail = f"{processes} the primary, because of the database replica: {troubled[0].trouble}."
        yield MusterFault("database-replica", "The database replica is not read", detail, None, is_bad=False)


def gauges(now: datetime) -> Mapping[str, metrics.Values]:
    age_s = watch.age_s if is_configured() else None
    return {"muster_database_replica_age_seconds": {} if age_s is None else {(): age_s}}
