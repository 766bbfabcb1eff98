"""Tries out versions of the framework that wait for it."""

from celery import shared_task

from readiness.boards.dry_run import running
from web import clock


@shared_task(name="readiness.boards.dry_runs")
def dry_runs() -> int:
    return running.run_waiting(now=clock.now())


def wake_dry_runs() -> None:
    """Beat also calls this once a minute, because a wake-up may be lost; the queue is in the database."""
    dry_runs.apply_async(queue="default", expires=60, retry=False)
