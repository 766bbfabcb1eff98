"""Keeps the daily measures up to date, and reads stored runs again after Muster's rules changed."""

from celery import shared_task

from readiness.assessment.evidence import operations
from web import clock


@shared_task(name="readiness.evidence.measure")
def measure() -> int:
    return operations.measure(now=clock.trusted_now())


@shared_task(name="readiness.evidence.reread")
def reread() -> int:
    return operations.reread_stored(now=clock.now())
