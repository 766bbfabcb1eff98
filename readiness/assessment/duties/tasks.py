"""The job that keeps the registers of sites as the rules of duties say."""

from celery import shared_task

from readiness.assessment.duties import operations
from web import clock


@shared_task(name="readiness.duties.keep_registers")
def keep_registers() -> int:
    return operations.keep_registers(now=clock.trusted_now())
