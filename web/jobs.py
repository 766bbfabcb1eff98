"""When each job of the schedule ran last, and how late it is.

The processes of the worker note in Valkey when a job begins and ends: what is lost there is known again after the
job's next run.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from celery.signals import task_postrun, task_prerun
from django.conf import settings

from web import clock, valkey

log = logging.getLogger(__name__)

KEY = "muster:jobs"
SINCE = "since"
"""When the first run was noted; a job that has never run is late from then on."""
URGENT_ALLOWED = timedelta(minutes=1)
BULK_ALLOWED = timedelta(minutes=30)
"""Bulk work waits for other bulk work, and one run may take minutes."""
FAILURE_CHARS = 200
_client = valkey.client(timeout_s=0.5)


@dataclass(frozen=True, slots=True)
class JobStanding:
    """A job of the schedule. `late_s` counts from when it should have ended next; None if nothing is known yet.
    `failure` is that of its last run, "" if that ended well."""

    name: str
    title: str
    every_s: int
    is_urgent: bool
    begun_at: datetime | None
    done_at: datetime | None
    late_s: float | None
    is_late: bool
    failure: str


@dataclass(frozen=True, slots=True)
class TaskQueue:
    name: str
    waiting: int
    is_urgent: bool


def standings(*, now: datetime) -> list[JobStanding]:
    """All jobs, late and failing ones first. Nothing is known of them while Valkey cannot be reached."""
    try:
        notes = _client.hgetall(KEY)
    except redis.RedisError as error:
        log.warning("cannot tell when jobs ran: %s", error)
        notes = {}
    jobs = [_standing(name, job, notes, now) for name, job in settings.JOBS.items()]
    return sorted(jobs, key=lambda job: (not job.is_late, not job.failure))


def _standing(name: str, job: Any, notes: Mapping[Any, Any], now: datetime) -> JobStanding:
    done_at, begun_at = (_instant(notes.get(f"{job.task} {what}")) for what in ("done", "begun"))
    reckoned_from = done_at or _instant(notes.get(SINCE))
    late_s = None
    if reckoned_from is not None:
        late_s = max(0.0, (now - reckoned_from).total_seconds() - job.every_s)
    allowed = (URGENT_ALLOWED if job.is_urgent else BULK_ALLOWED).total_seconds() + 2 * job.every_s
    return JobStanding(
        name=name,
        title=job.title,
        every_s=job.every_s,
        is_urgent=job.is_urgent,
        begun_at=begun_at,
        done_at=done_at,
        late_s=late_s,
        is_late=late_s is not None and late_s > allowed,
        failure=notes.get(f"{job.task} failure", ""),
    )


def _instant(noted: str | None) -> datetime | None:
    return datetime.fromtimestamp(float(noted), UTC) if noted else None


def queues() -> list[TaskQueue]:
    """Empty while Valkey cannot be reached."""
    urgency = {job.queue: job.is_urgent for job in settings.JOBS.values()}
    try:
        return [TaskQueue(name, int(_client.llen(name)), urgency[name]) for name in sorted(urgency)]
    except redis.RedisError as error:
        log.warning("cannot tell how many tasks wait: %s", error)
        return []


def listen() -> None:
    task_prerun.connect(note_begin, dispatch_uid="web.jobs.begin")
    task_postrun.connect(note_end, dispatch_uid="web.jobs.end")


def note_begin(task: Any, **kwargs: Any) -> None:
    if _is_job(task):
        _note({f"{task.name} begun": _now()})


def note_end(task: Any, state: str, retval: Any, **kwargs: Any) -> None:
    if not _is_job(task):
        return
    if state == "SUCCESS":
        _note({f"{task.name} done": _now(), f"{task.name} failure": ""})
    elif isinstance(retval, BaseException):
        _note({f"{task.name} failure": f"{type(retval).__name__}: {retval}"[:FAILURE_CHARS]})


def _is_job(task: Any) -> bool:
    return any(job.task == task.name for job in settings.JOBS.values())


def _now() -> str:
    return str(clock.now().timestamp())


def _note(values: Mapping[Any, Any]) -> None:
    """A failure here must not fail the job."""
    try:
        _client.hsetnx(KEY, SINCE, _now())
        _client.hset(KEY, mapping={**values})
    except redis.RedisError as error:
        log.warning("a run of a job is not noted: %s", error)
