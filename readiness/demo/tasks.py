"""Renews the demo's records while it is loaded, as its operator's jobs would, and writes its past.

What does so takes 9 MB, so a process loads it when there is something to do, and keeps it for its last tasks only.
"""

from celery import shared_task

from readiness.demo import progress
from web import clock


@shared_task(name="readiness.demo.keep_records")
def keep_records() -> int:
    now = clock.now()
    if not progress.fleets_with_records_due(now).exists():
        return 0
    from readiness.demo.operations.records import keep_current

    return keep_current(now=now)


@shared_task(name="readiness.demo.write_history")
def write_history() -> int:
    if not progress.fleets_being_written().exists():
        return 0
    from readiness.demo.operations import background

    return background.go_on(clock=clock.now)
