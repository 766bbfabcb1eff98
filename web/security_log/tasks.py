"""The jobs that chain events and stream them."""

from celery import shared_task

from web import clock
from web.security_log import chaining, streaming

MOST_CONNECTIONS = 20
"""Connections of one run: a backlog of years is sent by many runs, between which others have their turn."""


@shared_task(name="web.chain_security_log")
def chain_security_log() -> int:
    return chaining.chain(now=clock.now())


@shared_task(name="web.stream_security_log")
def stream_security_log() -> int:
    count = 0
    for _ in range(MOST_CONNECTIONS):
        if not (events := streaming.send_next(now=clock.now())):
            break
        count += events
    return count
