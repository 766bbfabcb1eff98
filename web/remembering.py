"""Remembers what was worked out once and may be lost at any time. Without the cache everything is worked out again."""

import logging
import pickle
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from redis import RedisError

log = logging.getLogger(__name__)
UNREADABLE = (
    *(pickle.UnpicklingError, AttributeError, ImportError),
    *(IndexError, EOFError, TypeError, ValueError),
)
"""What unpickling may raise."""


def recall(keys: Collection[str]) -> dict[str, Any]:
    try:
        return cache.get_many(keys)
    except RedisError as error:
        log.warning("The cache cannot be read: %s", error)
    except UNREADABLE as error:
        # Written by a release in which the values were made otherwise, or stood elsewhere.
        log.warning("What is remembered cannot be read: %r", error)
    return {}


def remember(values: Mapping[str, Any], *, for_: timedelta) -> None:
    try:
        cache.set_many(dict(values), timeout=int(for_.total_seconds()))
    except RedisError as error:
        log.warning("The cache cannot be written: %s", error)
