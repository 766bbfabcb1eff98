"""Keeps verdicts up to date: every few seconds for changed and due sites, every minute for the others. Expired inputs
are deleted each hour. After an absence of all workers, scoring waits until the samples sent meanwhile have arrived."""

from celery import shared_task

from readiness.assessment.scoring import apply, operations
from web import clock, workers


@shared_task(name="readiness.scoring.rescore_changed")
def rescore_changed() -> int:
    return 0 if workers.are_catching_up() else operations.rescore_changed(now=clock.trusted_now())


@shared_task(name="readiness.scoring.rescore_due")
def rescore_due() -> int:
    return 0 if workers.are_catching_up() else operations.rescore_due(now=clock.trusted_now())


@shared_task(name="readiness.scoring.rescore_aged")
def rescore_aged() -> int:
    return 0 if workers.are_catching_up() else operations.rescore_aged(now=clock.trusted_now())


@shared_task(name="readiness.scoring.forget_inputs")
def forget_inputs() -> int:
    return apply.forget(now=clock.trusted_now())
