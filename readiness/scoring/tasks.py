"""Keeps verdicts up to date: every few seconds where something changed or is due, every minute where nothing did.
Inputs past their time go each hour."""

from celery import shared_task

from readiness.scoring import apply, operations
from web import clock


@shared_task(name="readiness.scoring.rescore_changed")
def rescore_changed() -> int:
    return operations.rescore_changed(now=clock.now())


@shared_task(name="readiness.scoring.rescore_due")
def rescore_due() -> int:
    return operations.rescore_due(now=clock.now())


@shared_task(name="readiness.scoring.rescore_aged")
def rescore_aged() -> int:
    return operations.rescore_aged(now=clock.now())


@shared_task(name="readiness.scoring.forget_inputs")
def forget_inputs() -> int:
    return apply.forget(now=clock.now())
