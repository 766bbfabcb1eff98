"""The one place that reads the clock. Views, endpoints, tasks and commands ask here and pass the time on."""

from datetime import UTC, datetime


# Replaced as a whole by the tests' `frozen_now`, so that `from web.clock import now` is frozen too.
def _read() -> datetime:
    return datetime.now(UTC)


def now() -> datetime:
    return _read()
