"""Clients of Valkey for notes that may be lost, and how the cache writes its values there."""

import json
from typing import Any

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


class JsonValues:
    """Values of the cache as JSON. Django would pickle them, and whoever can write to Valkey could have it run code."""

    def dumps(self, value: Any) -> str:
        return json.dumps(value)

    def loads(self, stored: bytes) -> Any:
        """Return None for a value that is no JSON, since Muster did not write it."""
        try:
            return json.loads(stored)
        except ValueError:
            return None
