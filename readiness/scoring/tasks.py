"""Keeps verdicts up to date: every few seconds where something changed, every minute where nothing did."""

from celery import shared_task

from readiness.scoring import operations
from web import clock


@shared_task(name="readiness.scoring.rescore_changed")
def rescore_changed() -> int:
    return operations.rescore_changed(now=clock.now())


@shared_task(name="readiness.scoring.rescore_aged")
def rescore_aged() -> int:
    return operations.rescore_aged(now=clock.now())
