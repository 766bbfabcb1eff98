"""Keeps the daily measures up to date, reads stored runs again after Muster's rules changed, and reconciles meters."""

from celery import shared_task

from readiness.assessment.evidence import operations
from readiness.assessment.evidence.operations import meters
from web import clock, workers


@shared_task(name="readiness.evidence.measure")
def measure() -> int:
    return operations.measure(now=clock.trusted_now())


@shared_task(name="readiness.evidence.reread")
def reread() -> int:
    return operations.reread_stored(now=clock.now())


@shared_task(name="readiness.evidence.reconcile_meters")
def reconcile_meters() -> int:
    return 0 if workers.are_catching_up() else meters.reconcile(now=clock.trusted_now())
