"""A cache of computed values that may be lost at any time. Without the cache everything is computed again."""

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
"""Exceptions of unpickling."""


def recall(keys: Collection[str]) -> dict[str, Any]:
    try:
        return cache.get_many(keys)
    except RedisError as error:
        log.warning("The cache cannot be read: %s", error)
    except UNREADABLE as error:
        # Written by another release whose values had another form or place.
        log.warning("What is remembered cannot be read: %r", error)
    return {}


def remember(values: Mapping[str, Any], *, for_: timedelta) -> None:
    try:
        cache.set_many(dict(values), timeout=int(for_.total_seconds()))
    except RedisError as error:
        log.warning("The cache cannot be written: %s", error)
