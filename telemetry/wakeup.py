"""One wake-up at a time for the drain, however many bodies arrive.

A request for a drain sets a flag in Redis, and the drain clears it before it looks: a body committed after that sets it
again, an earlier one is seen. Redis may lose the flag or be unavailable: samples are safe in the inbox, and beat's tick
drains too.
"""

import logging
from contextlib import suppress

import redis

from web import valkey

log = logging.getLogger(__name__)

_FLAG = "muster:drain-asked"
# As long as the message lasts, so that no second one waits. If it was lost, beat's tick drains.
EXPIRES_S = 60
# A sender waits for this: no retries, no long time-outs.
_client = valkey.client(timeout_s=0.5, decode=False)


def ask() -> bool:
    try:
        return bool(_client.set(_FLAG, 1, nx=True, ex=EXPIRES_S))
    except redis.RedisError as error:
        log.warning("no wake-up for the drain: %s", error)
        return False


def answer() -> None:
    with suppress(redis.RedisError):
        _client.delete(_FLAG)
