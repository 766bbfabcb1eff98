from celery import shared_task

from readiness.loop.alerts.heartbeat import operations
from web import clock


@shared_task(name="readiness.heartbeat.beat")
def beat() -> int:
    return operations.beat(now=clock.now())
