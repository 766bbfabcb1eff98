"""Keeps the daily measures up to date; beat calls it each minute."""

from celery import shared_task

from readiness.evidence import operations
from web import clock


@shared_task(name="readiness.evidence.measure")
def measure() -> int:
    return operations.measure(now=clock.now())
