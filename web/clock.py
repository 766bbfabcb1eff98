"""The only place that reads the clock. Views, endpoints, tasks and commands read it here and pass the time on."""

from datetime import UTC, datetime


# The tests' `frozen_now` patches this object, so that `from web.clock import now` is frozen too.
def _read() -> datetime:
    return datetime.now(UTC)


def now() -> datetime:
    return _read()
