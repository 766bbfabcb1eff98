"""Limits for sign-ins, unknown tokens and endpoints.

A sign-in is counted before the password is checked, so that simultaneous attempts get no more tries than sequential
ones. It is counted three ways: by name and address, by address, and by name alone. The last slows down guesses from
many addresses. It locks nobody out: it spaces attempts at most a minute apart, and exempts addresses from which the
name signed in lately.
"""

import hashlib
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.core.cache import cache
from redis.exceptions import RedisError

from accounts.counting import CountingWindow, Recent

WINDOW_S = 300
# OWASP suggests a handful of attempts; a person who mistypes has five.
TRIES_PER_NAME = 5
# One address with many names. High enough for an office behind one address; successes do not count.
TRIES_PER_ADDRESS = 50
# Many addresses with one name: attempts in an hour before they are spaced, and the widest spacing.
TRIES_PER_ACCOUNT = 20
LONGEST_SPACE_S = 60
# How long an address counts as known for the account.
HOME_LASTS_S = int(timedelta(days=30).total_seconds())

_by_name = CountingWindow("sign-in:name", WINDOW_S)
_by_address = CountingWindow("sign-in:address", WINDOW_S)
_by_account = CountingWindow("sign-in:account", 3600)
_homes: Recent[bool] = Recent()


def begin(*, username: str, address: str, now: datetime) -> int:
    """Count an attempt. Returns 0 if it may continue, else the seconds to wait."""
    over = _by_name.add(_throttle_key(username, address), now=now) > TRIES_PER_NAME
    over = _by_address.add(address, now=now) > TRIES_PER_ADDRESS or over
    if over:
        return _by_name.left_s(now)
    return _space_left_s(username, address, now)


def succeeded(*, username: str, address: str, now: datetime) -> None:
    """The password was right: reset the name's attempts, and do not count this one for the address."""
    _by_name.clear(_throttle_key(username, address), now=now)
    _by_account.clear(username.casefold(), now=now)
    _by_address.add(address, by=-1, now=now)
    _keep_home(username, address)


def _space_left_s(username: str, address: str, now: datetime) -> int:
    tries = _by_account.add(username.casefold(), now=now)
    if tries <= TRIES_PER_ACCOUNT or _is_home(username, address):
        return 0
    # Doubles up to a minute: a stranger gets 60 attempts an hour, from any number of addresses.
    space = CountingWindow("sign-in:space", min(2 ** (tries - TRIES_PER_ACCOUNT), LONGEST_SPACE_S))
    if space.add(username.casefold(), now=now) == 1:
        return 0
    # An attempt refused unchecked is not a guess, and does not increase the wait.
    _by_account.add(username.casefold(), by=-1, now=now)
    return space.left_s(now)


def _throttle_key(username: str, address: str) -> str:
    return f"{username.casefold()}\0{address}"


def _home_key(username: str, address: str) -> str:
    return f"sign-in:home:{_hashed(_throttle_key(username, address))}"


def _keep_home(username: str, address: str) -> None:
    key = _home_key(username, address)
    _homes.set(key, True)
    try:
        cache.set(key, 1, timeout=HOME_LASTS_S)
    except RedisError:
        return


def _is_home(username: str, address: str) -> bool:
    key = _home_key(username, address)
    try:
        return bool(cache.get(key)) or _homes.get(key, False)
    except RedisError:
        return _homes.get(key, False)


def _hashed(text: str) -> str:
    return hashlib.blake2s(text.encode(errors="replace"), digest_size=16).hexdigest()


class BadTokens:
    """Slows down guesses of tokens without a query; counted in this process only, so that it costs nothing.

    After `most` bad tokens in a minute from one address, unknown tokens from there have to wait. A token that was valid
    within ten minutes is still looked up: a misconfigured neighbour behind the same address stops nobody.
    """

    WINDOW_S = 60.0
    GOOD_LASTS_S = 600.0

    def __init__(self, most: int = 30, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._bad: Recent[tuple[float, int]] = Recent()
        self._good: Recent[float] = Recent()

    def wait_s(self, address: str, plain: str) -> float:
        """Seconds until this token is looked up; 0 if it may be now."""
        at = self._clock()
        if self._good.get(_hashed(plain), -self.GOOD_LASTS_S) > at - self.GOOD_LASTS_S:
            return 0.0
        began, count = self._bad.get(address, (at, 0))
        return max(0.0, began + self.WINDOW_S - at) if count >= self._most else 0.0

    def failed(self, address: str, plain: str) -> None:
        at = self._clock()
        self._good.drop(_hashed(plain))
        with self._lock:
            began, count = self._bad.get(address, (at, 0))
            self._bad.set(address, (began, count + 1) if at < began + self.WINDOW_S else (at, 1))

    def passed(self, plain: str) -> None:
        self._good.set(_hashed(plain), self._clock())


bad_tokens = BadTokens()
