"""Which Celery workers are alive: each stores its name and the time in Redis with its heartbeat. A web process that
takes samples notes the time as well.

Asking the workers directly would take a second for each page. After a loss of Redis' data, the next heartbeat restores
it.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from celery.signals import heartbeat_sent, worker_init

from web import clock, valkey

log = logging.getLogger(__name__)

KEY = "muster:workers"
BACK_KEY = "muster:back"
DOOR_KEY = "muster:door"
AWAY_AFTER = timedelta(minutes=2)
DOOR_AWAY_AFTER = timedelta(seconds=30)
CATCHING_UP = timedelta(minutes=2)
"""Prometheus sends what it kept within 5 s of an answer (its max_backoff)."""
# The heartbeat comes every 2 s; pages do not need that precision.
NOTED_EVERY = timedelta(seconds=5)
SEEN_WITHIN = timedelta(seconds=60)
FORGOTTEN_AFTER = timedelta(days=1)
_client = valkey.client(timeout_s=1)
_noted_at = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Worker:
    name: str
    seen_at: datetime


def note(name: str, *, now: datetime) -> None:
    _client.hset(KEY, name, str(now.timestamp()))


def seen(*, now: datetime, within: timedelta = SEEN_WITHIN) -> list[Worker]:
    """Workers with a recent heartbeat, by name. Also empty if Redis is unavailable: then no worker works either."""
    try:
        noted = _client.hgetall(KEY)
        workers = [Worker(name, datetime.fromtimestamp(float(at), UTC)) for name, at in sorted(noted.items())]
        if gone := [worker.name for worker in workers if now - worker.seen_at > FORGOTTEN_AFTER]:
            _client.hdel(KEY, *gone)
    except redis.RedisError as error:
        log.warning("cannot tell which workers live: %s", error)
        return []
    return [worker for worker in workers if now - worker.seen_at <= within]


def are_catching_up() -> bool:
    """Whether no web process takes samples, or workers or these have just returned after an absence of all of them,
    or the clock has just been moved: samples sent meanwhile still arrive, so silence means nothing yet."""
    try:
        return bool(_client.exists(BACK_KEY)) or _were_away() or _is_door_away()
    except redis.RedisError as error:
        log.warning("cannot tell whether workers were away: %s", error)
        return False


def note_return(**kwargs: Any) -> None:
    """Record, at the start of a worker, whether no worker had run for some minutes."""
    try:
        if _were_away():
            _client.set(BACK_KEY, "1", ex=CATCHING_UP)
    except redis.RedisError as error:
        log.warning("return not noted: %s", error)


def note_door(*, now: datetime) -> None:
    """Record that this web process takes samples, and its return after an absence of all of them."""
    try:
        if _is_door_away():
            _client.set(BACK_KEY, "1", ex=CATCHING_UP)
        _client.set(DOOR_KEY, str(now.timestamp()))
    except redis.RedisError as error:
        log.warning("that samples are taken is not noted: %s", error)


def _is_door_away() -> bool:
    noted_at = _client.get(DOOR_KEY)
    return (
        noted_at is not None
        and abs(clock.now().timestamp() - float(noted_at)) > DOOR_AWAY_AFTER.total_seconds()
    )


def is_door_open(*, now: datetime) -> bool:
    """Whether a web process is known to take samples; not so where nothing is known."""
    try:
        noted_at = _client.get(DOOR_KEY)
    except redis.RedisError as error:
        log.warning("cannot tell whether samples are taken: %s", error)
        return False
    return noted_at is not None and abs(now.timestamp() - float(noted_at)) <= DOOR_AWAY_AFTER.total_seconds()


def _were_away() -> bool:
    """Whether no heartbeat is near the clock. One in the future is as far away as one in the past: the clock was moved
    since."""
    now_s = clock.now().timestamp()
    away_s = [abs(now_s - float(at)) for at in _client.hvals(KEY)]
    return bool(away_s) and min(away_s) > AWAY_AFTER.total_seconds()


def listen() -> None:
    heartbeat_sent.connect(_note_heartbeat, dispatch_uid="web.workers")
    worker_init.connect(note_return, dispatch_uid="web.workers.return")


def _note_heartbeat(sender: Any, **kwargs: Any) -> None:
    global _noted_at
    now = clock.now()
    if abs(now - _noted_at) < NOTED_EVERY:
        return
    _noted_at = now
    try:
        # Heartbeats come every two seconds: after a longer time the clock was moved, or the machine stood still.
        note_return()
        note(sender.eventer.hostname, now=now)
    except redis.RedisError as error:
        # An exception in the heartbeat would end the worker's timer.
        log.warning("heartbeat not noted: %s", error)
