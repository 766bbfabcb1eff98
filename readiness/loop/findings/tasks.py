"""The worker's jobs of the loop."""

from celery import shared_task

from readiness.loop.findings import proving, settling
from web import clock


@shared_task(name="readiness.loop.settle")
def settle() -> int:
    return len(settling.settle(now=clock.trusted_now()))


@shared_task(name="readiness.loop.prove")
def prove() -> int:
    return proving.prove(now=clock.trusted_now())
