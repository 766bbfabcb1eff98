"""How often a sign-in may be tried: counted per user name and address, so that nobody locks out a name from elsewhere.

Counts are in the cache, in windows of fixed length. A try is counted before the password is looked at, so that many at
once get no more tries than one after the other. Without the cache people can still sign in.
"""

import hashlib
import logging
from datetime import datetime

from django.core.cache import cache
from redis.exceptions import RedisError

WINDOW_S = 300
# OWASP suggests a handful of tries; a person who mistypes has five.
TRIES_PER_NAME = 5
# One address trying many names. High enough for an office behind one address, whose successes do not count.
TRIES_PER_ADDRESS = 50

_log = logging.getLogger(__name__)


def begin(*, username: str, address: str, now: datetime) -> int:
    """Count a try. 0 when it may go on, else the seconds to wait."""
    try:
        over = _count(_name_key(username, address, now)) > TRIES_PER_NAME
        over = _count(_address_key(address, now)) > TRIES_PER_ADDRESS or over
    except RedisError:
        _log.warning("The cache does not answer: sign-ins are not counted.")
        return 0
    return WINDOW_S - int(now.timestamp()) % WINDOW_S if over else 0


def succeeded(*, username: str, address: str, now: datetime) -> None:
    """The password was right: the name's tries are forgotten, and this one does not count for the address."""
    try:
        cache.delete(_name_key(username, address, now))
        if cache.get(_address_key(address, now)):
            cache.decr(_address_key(address, now))
    except RedisError:
        _log.warning("The cache does not answer: sign-ins are not counted.")


def _count(key: str) -> int:
    cache.add(key, 0, timeout=WINDOW_S)
    try:
        return cache.incr(key)
    except ValueError:
        # Gone between the two: its window has just ended.
        return 1


def _name_key(username: str, address: str, now: datetime) -> str:
    return _key("name", f"{username.casefold()}\0{address}", now)


def _address_key(address: str, now: datetime) -> str:
    return _key("address", address, now)


def _key(kind: str, text: str, now: datetime) -> str:
    # Hashed: a cache is no place for names, and keys must be short.
    digest = hashlib.blake2s(text.encode(errors="replace"), digest_size=16).hexdigest()
    return f"sign-in:{kind}:{digest}:{int(now.timestamp()) // WINDOW_S}"
