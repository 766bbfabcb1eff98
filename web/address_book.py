"""Addresses of pages by name, for processes without pages: a web process writes them to Redis when it starts.

The worker says where an alert is shown. It would load all pages and endpoints for that, 60 MB in each of its processes,
and does so if Redis has no addresses.
"""

import logging
import sys
from collections.abc import Mapping
from functools import cache

import orjson
import redis
from django.conf import settings
from django.urls import NoReverseMatch, get_resolver, reverse

from web import valkey

log = logging.getLogger(__name__)

KEY = "muster:addresses"
STAND_IN = 987654321
"""A number that no url pattern contains; the rest of the address is the same for every argument."""
_client = valkey.client(timeout_s=1)


def publish() -> None:
    """Raises RedisError."""
    _client.set(KEY, orjson.dumps(addresses()))


def addresses() -> dict[str, list[str]]:
    """The address of each page without an argument, and that with `STAND_IN`; empty where there is none."""
    names = [name for name in get_resolver().reverse_dict if isinstance(name, str)]
    return {name: [_reversed(name), _reversed(name, STAND_IN)] for name in names}


def _reversed(name: str, *arguments: int) -> str:
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""


def page_address(name: str, *arguments: object) -> str:
    """The address of a page, like Django's `reverse`."""
    if settings.ROOT_URLCONF not in sys.modules and arguments in ((), (STAND_IN,)):
        try:
            return _book()[name][len(arguments)] or reverse(name, args=arguments)
        except (KeyError, redis.RedisError):
            log.info("loading all pages for the address of %s", name)
    return reverse(name, args=arguments)


@cache
def _book() -> Mapping[str, list[str]]:
    """Kept for the life of a process, which is minutes. Raises KeyError as long as Redis has none."""
    content = _client.get(KEY)
    if content is None:
        raise KeyError(KEY)
    book: Mapping[str, list[str]] = orjson.loads(content)
    return book
