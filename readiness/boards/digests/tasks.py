"""Sends the digests that are due."""

from celery import shared_task

from readiness.boards.digests.operations import send_due
from web import clock


@shared_task(name="readiness.boards.digests")
def send_digests() -> int:
    return send_due(now=clock.trusted_now())
