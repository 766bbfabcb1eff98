"""Keeps alerts up to date. After an absence of all workers it waits until what was sent meanwhile has arrived, so that
nothing is told that has healed since."""

from celery import shared_task

from readiness.loop.alerts.heartbeat.tasks import beat
from readiness.loop.alerts.inbound.tasks import map_again
from readiness.loop.alerts.life.run import run
from web import clock, workers

__all__ = ["beat", "map_again", "run_alerts"]


@shared_task(name="readiness.alerts.run")
def run_alerts() -> int:
    return 0 if workers.are_catching_up() else run(now=clock.trusted_now())
