"""One wake-up at a time for the drain, however many bodies arrive.

A request for a drain sets a flag in Redis, and the drain clears it before it looks: a body committed after that sets it
again, an earlier one is seen. Redis may lose the flag or be unavailable: samples are safe in the inbox, and beat's tick
drains too.
"""

import logging
from contextlib import suppress

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

_FLAG = "muster:drain-asked"
# Longer than a drain takes to start, and short enough to expire soon if the message was lost.
_FORGET_S = 5
# A sender waits for this: no retries, no long time-outs.
_client = redis.Redis.from_url(
    settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5, retry=Retry(NoBackoff(), 0)
)


def ask() -> bool:
    try:
        return bool(_client.set(_FLAG, 1, nx=True, ex=_FORGET_S))
    except redis.RedisError as error:
        log.warning("no wake-up for the drain: %s", error)
        return False


def answer() -> None:
    with suppress(redis.RedisError):
        _client.delete(_FLAG)
