"""Renews the demo's records while it is loaded, as its operator's jobs would, and writes its past."""

from celery import shared_task

from readiness.demo.operations import background
from readiness.demo.operations.records import keep_current
from web import clock


@shared_task(name="readiness.demo.keep_records")
def keep_records() -> int:
    return keep_current(now=clock.now())


@shared_task(name="readiness.demo.write_history")
def write_history() -> int:
    return background.go_on(clock=clock.now)
