"""Keeps problems up to date. After an absence of all workers it waits until the samples sent meanwhile have arrived."""

from celery import shared_task

from readiness.loop.problems import operations
from web import clock, watch, workers


@shared_task(name="readiness.problems.write_claimed")
def write_claimed() -> int:
    if workers.are_catching_up():
        return 0
    at = watch.instant_reached(clock.now(), watch.WorkStage.STORED, watch.WorkStage.SITES)
    written = operations.write_claimed(now=clock.trusted(at))
    watch.note(watch.WorkStage.PROBLEMS, at)
    return written


@shared_task(name="readiness.problems.write_own")
def write_own() -> int:
    return operations.write_own(now=clock.trusted_now())
