"""The one place that reads the clock. Views, endpoints, tasks and commands ask here and pass the time on."""

from datetime import datetime

from django.utils import timezone

# Replaced as a whole by the tests' `frozen_now`, so that `from web.clock import now` is frozen too.
_read = timezone.now


def now() -> datetime:
    return _read()
