"""The only place that reads the clock. Views, endpoints, tasks and commands read it here and pass the time on.

Work in the background that ages, expires or judges takes `trusted_now`: while the samples of most sources contradict
the clock, that is the time of the samples (telemetry/clocks.py).
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


# The tests' `frozen_now` patches this object, so that `from web.clock import now` is frozen too.
def _read() -> datetime:
    return datetime.now(UTC)


def now() -> datetime:
    return _read()


def _uptime_s() -> float:
    return time.clock_gettime(
        time.CLOCK_BOOTTIME if hasattr(time, "CLOCK_BOOTTIME") else time.CLOCK_MONOTONIC
    )


_began = _read(), _uptime_s()


def jumped() -> timedelta:
    """How far the clock was moved, ahead or back, since this process or the one it was forked from began."""
    at, uptime_s = _began
    return _read() - at - timedelta(seconds=_uptime_s() - uptime_s)


_trusted: dict[str, Callable[[datetime], datetime]] = {}


def trust(name: str, read: Callable[[datetime], datetime]) -> None:
    """Let an app say, in its AppConfig.ready, which time is to be trusted when the clock reads `now`."""
    _trusted[name] = read


def trusted_now() -> datetime:
    return trusted(now())


def trusted(at: datetime) -> datetime:
    """The time to be trusted when the clock reads `at`."""
    for read in _trusted.values():
        at = read(at)
    return at
