"""Keeps problems up to date. After an absence of all workers it waits until the samples sent meanwhile have arrived."""

from celery import shared_task

from readiness.loop.problems import operations
from web import clock, workers


@shared_task(name="readiness.problems.write_claimed")
def write_claimed() -> int:
    return 0 if workers.are_catching_up() else operations.write_claimed(now=clock.now())


@shared_task(name="readiness.problems.write_own")
def write_own() -> int:
    return operations.write_own(now=clock.now())
