"""Lets alerts join the incidents of their cause, and writes what sites learn from incidents."""

from celery import shared_task

from readiness.loop.incidents import learning, operations
from web import clock, workers


@shared_task(name="readiness.incidents.join_alerts")
def join_alerts() -> int:
    return 0 if workers.are_catching_up() else operations.join_alerts(now=clock.trusted_now())


@shared_task(name="readiness.incidents.write_learning")
def write_learning() -> int:
    return learning.write_learning(now=clock.trusted_now())
