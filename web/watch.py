"""How far Muster itself has come: up to when what arrived is stored, judged and written down.

Each stage notes in Valkey what it has reached, which may be lost: then nothing is known of the stage until its next
run. What waits to be stored is in the database, so telemetry gives a function for it.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import redis

from web import valkey

log = logging.getLogger(__name__)

KEY = "muster:reached"
UNNOTICED = timedelta(seconds=10)
"""A delay of the usual work: within it everything is judged as of now."""


class WorkStage(StrEnum):
    """The stages of a sample, in order; each judges what the ones before it have reached."""

    STORED = "samples stored"
    SOURCES = "sources judged"
    SITES = "sites judged"
    PROBLEMS = "problems written"


ALLOWED = dict.fromkeys(WorkStage, timedelta(seconds=60)) | {WorkStage.STORED: timedelta(seconds=20)}
"""How far a stage may be behind before pages say so: evaluating a large fleet takes half a minute."""

BAD_S = 300
"""Seconds behind from which on that is bad, not only worth a warning."""

type Waiting = Callable[[], datetime | None]

_client = valkey.client(timeout_s=0.5)


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the slowest stage is behind, and what it has reached: pages are true of that instant."""

    seconds: float
    as_of: datetime
    is_behind: bool


_waiting: dict[WorkStage, Waiting] = {}


def register_waiting(stage: WorkStage, waiting: Waiting) -> None:
    """`waiting` gives when the oldest arrived of what waits for the stage, None if nothing waits."""
    _waiting[stage] = waiting


def note(stage: WorkStage, at: datetime) -> None:
    try:
        _client.hset(KEY, stage, str(at.timestamp()))
    except redis.RedisError as error:
        log.warning("what %s has reached is not noted: %s", stage, error)


def lag(now: datetime) -> Lag:
    instants = _reached(WorkStage, now)
    as_of = min(instants.values())
    is_behind = any(now - at > ALLOWED[stage] for stage, at in instants.items())
    return Lag((now - as_of).total_seconds(), as_of, is_behind)


def instant_reached(now: datetime, *stages: WorkStage) -> datetime:
    """The instant that silence is judged at: what these stages have reached, or all of them; `now` unless they are
    behind."""
    reached = min(_reached(stages or WorkStage, now).values())
    return reached if now - reached > UNNOTICED else now


def _reached(stages: Iterable[WorkStage], now: datetime) -> dict[WorkStage, datetime]:
    noted_instants = _read_noted()
    instants = {}
    for stage in stages:
        at = _waiting[stage]() if stage in _waiting else noted_instants.get(stage)
        instants[stage] = now if at is None else min(at, now)
    return instants


def _read_noted() -> dict[str, datetime]:
    try:
        values = _client.hgetall(KEY)
    except redis.RedisError as error:
        log.warning("cannot tell what stages have reached: %s", error)
        return {}
    return {str(name): datetime.fromtimestamp(float(at), UTC) for name, at in values.items()}
