"""Clients of Valkey for notes that may be lost."""

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry


def client(*, timeout_s: float, decode: bool = True) -> redis.Redis:
    """Somebody waits for what it is asked, so it gives up soon and tries nothing again."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
        decode_responses=decode,
    )
