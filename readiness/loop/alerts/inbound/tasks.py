from celery import shared_task

from readiness.loop.alerts.inbound import taking
from web import clock


@shared_task(name="readiness.inbound.map_again")
def map_again() -> int:
    """Rules may have changed, and what is long over is forgotten."""
    now = clock.trusted_now()
    taking.forget(now=now)
    return taking.map_again(now=now)
