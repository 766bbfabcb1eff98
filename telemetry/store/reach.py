"""How far roll-ups reach: the time up to which they hold every sample."""

from datetime import datetime, timedelta

from telemetry.binary import binary_cursor
from telemetry.core.instants import floor

# If roll-ups lag further behind, they are read as they are.
MOST_BEHIND = timedelta(hours=1)


def rolled_up_to(now: datetime) -> datetime:
    """Every window of the last hour that starts before this is rolled up; raw samples cover the rest."""
    oldest = floor(now - MOST_BEHIND)
    with binary_cursor() as cursor:
        cursor.execute(
            "SELECT min(start) FROM telemetry_dirtywindow WHERE width_s = 300 AND start >= %s", [oldest]
        )
        (earliest,) = cursor.fetchone() or (None,)
    current = floor(now)
    return min(earliest, current) if earliest else current


def hours_rolled_up_to(now: datetime) -> datetime:
    with binary_cursor() as cursor:
        cursor.execute("SELECT min(start) FROM telemetry_dirtywindow WHERE width_s = 3600")
        (earliest,) = cursor.fetchone() or (None,)
    current = rolled_up_to(now).replace(minute=0)
    return min(earliest, current) if earliest else current
