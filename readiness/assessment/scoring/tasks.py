"""Keeps verdicts up to date: every few seconds for changed and due sites, every minute for those that could not be
evaluated. Expired inputs are deleted each hour. After an absence of all workers, scoring waits until the samples sent
meanwhile have arrived."""

from celery import shared_task

from readiness.assessment.scoring import apply, operations
from web import clock, watch, workers


@shared_task(name="readiness.scoring.rescore_changed")
def rescore_changed() -> int:
    if workers.are_catching_up():
        return 0
    at = operations.judging_instant(now=clock.now())
    evaluated = operations.rescore_changed(now=clock.trusted(at))
    watch.note(watch.WorkStage.SITES, at)
    return evaluated


@shared_task(name="readiness.scoring.rescore_due")
def rescore_due() -> int:
    if workers.are_catching_up():
        return 0
    at = operations.judging_instant(now=clock.now())
    return operations.rescore_due(now=clock.trusted(at))


@shared_task(name="readiness.scoring.rescore_aged")
def rescore_aged() -> int:
    if workers.are_catching_up():
        return 0
    at = operations.judging_instant(now=clock.now())
    return operations.rescore_aged(now=clock.trusted(at))


@shared_task(name="readiness.scoring.forget_inputs")
def forget_inputs() -> int:
    return apply.forget(now=clock.trusted_now())
