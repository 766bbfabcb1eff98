"""Counts of attempts in windows of fixed length: in the cache, or in this process while no cache answers."""

import hashlib
import logging
import threading
from collections import OrderedDict
from datetime import datetime

from django.core.cache import cache
from redis.exceptions import RedisError

MOST_KEPT = 10_000

_log = logging.getLogger(__name__)


class Recent[T]:
    """The `most` keys that were set last. Thread-safe."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._values: OrderedDict[str, T] = OrderedDict()
        self._most = most
        self._lock = threading.Lock()

    def get(self, key: str, default: T) -> T:
        return self._values.get(key, default)

    def set(self, key: str, value: T) -> None:
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)

    def drop(self, key: str) -> None:
        with self._lock:
            self._values.pop(key, None)

    def __len__(self) -> int:
        return len(self._values)


_here: Recent[int] = Recent()


class CountingWindow:
    """Counts by key in windows of `length_s`, for one purpose. A window starts for all keys at once."""

    def __init__(self, purpose: str, length_s: int) -> None:
        self.purpose = purpose
        self.length_s = length_s

    def add(self, key: str, *, by: int = 1, now: datetime) -> int:
        """The count, including this attempt."""
        name = self._name(key, now)
        try:
            cache.add(name, 0, timeout=self.length_s)
            return int(cache.incr(name, by))
        except ValueError:
            # Deleted between the two calls: its window has just ended.
            return by
        except RedisError:
            _log.warning("The cache does not answer: tries are counted in this process alone.")
            count = max(0, _here.get(name, 0) + by)
            _here.set(name, count)
            return count

    def wait_s(self, key: str, *, most: int, now: datetime) -> int:
        """Count an attempt; returns the seconds to wait if it is beyond `most` of its window, 0 if it may go on."""
        return self.left_s(now) if self.add(key, now=now) > most else 0

    def clear(self, key: str, *, now: datetime) -> None:
        name = self._name(key, now)
        _here.drop(name)
        try:
            cache.delete(name)
        except RedisError:
            _log.warning("The cache does not answer: tries are counted in this process alone.")

    def left_s(self, now: datetime) -> int:
        """Seconds until the window ends."""
        return self.length_s - int(now.timestamp()) % self.length_s

    def _name(self, key: str, now: datetime) -> str:
        # Hashed, because names do not belong into a cache and keys must be short.
        digest = hashlib.blake2s(key.encode(errors="replace"), digest_size=16).hexdigest()
        return f"{self.purpose}:{digest}:{int(now.timestamp()) // self.length_s}"
