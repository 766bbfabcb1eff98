"""Reviews decisions whose day has come; beat calls it each day."""

from celery import shared_task

from readiness.tradeoffs.decisions import operations
from web import clock


@shared_task(name="readiness.tradeoffs.review_decisions")
def review_decisions() -> int:
    return operations.review_due(now=clock.now())
