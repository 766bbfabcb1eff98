"""The job that chains events."""

from celery import shared_task

from web import clock
from web.security_log import chaining


@shared_task(name="web.chain_security_log")
def chain_security_log() -> int:
    return chaining.chain(now=clock.now())
