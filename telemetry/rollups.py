"""Roll-ups: which windows are due. The store computes them: five minutes from samples, hours from those.

A window is computed as a whole from all its samples whenever a claim says that it has new ones, so each sample counts
once, even if it was repeated, late or out of order. A window holds the samples after its start up to its end. Of two
values at one instant the larger is kept, and a reading outranks a stale marker; this does not depend on the order of
arrival.
"""

import logging
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

from django.db import connection, transaction

from telemetry import store
from telemetry.core.instants import EPOCH, FIVE_MINUTES, HOUR, floor
from telemetry.models import DirtyWindow, LateDay, Series
from telemetry.replicas.operations import note_comparisons
from telemetry.store import LOOK_BACK

log = logging.getLogger(__name__)

# Senders may deliver a window's last samples this long after its end.
GRACE = timedelta(seconds=30)
# Number of windows in one transaction.
AT_ONCE = 12
# One roll-up at a time in a schema: of two for the same window, the one with fewer samples could write last.
_ROLLING_UP = 7_301_002
_TAKE_TURN = "SELECT pg_try_advisory_xact_lock(%s, current_schema()::regnamespace::oid::int)"

# Compute each array once: with a join, a planner that assumes an empty table computes them for every row.
_CLAIM = """
DELETE FROM telemetry_dirtywindow WHERE id = ANY(ARRAY(
    SELECT id FROM telemetry_dirtywindow WHERE width_s = %(width_s)s AND start = ANY(ARRAY(
        SELECT DISTINCT start FROM telemetry_dirtywindow WHERE width_s = %(width_s)s
            AND start BETWEEN %(oldest)s AND %(newest)s
        ORDER BY start LIMIT %(limit)s
    )) FOR UPDATE SKIP LOCKED
)) RETURNING start, source_id
"""

type Windows = dict[datetime, set[int]]


def roll_up(*, now: datetime, budget_s: float = 20.0) -> int:
    started = perf_counter()
    total = 0
    oldest = None
    while perf_counter() - started < budget_s:
        try:
            done = _roll_up_some(now, oldest)
        except store.RemoteStorageUnavailable as error:
            if oldest is not None:
                raise
            # Late windows wait for the remote storage; what came since is hot.
            log.warning("late windows are not rolled up: %s", error)
            oldest = floor(now - LOOK_BACK)
            # A storage that hangs may have used up the budget.
            started = perf_counter()
            continue
        total += done
        if not done:
            break
    return total


@transaction.atomic
def _roll_up_some(now: datetime, oldest: datetime | None) -> int:
    with connection.cursor() as cursor:
        # Parallel workers would pass their share on as arrays, which doubles the cost of reading.
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        cursor.execute(_TAKE_TURN, [_ROLLING_UP])
        if not cursor.fetchone()[0]:
            return 0
    windows = _claim(DirtyWindow.Width.FIVE_MINUTES, now - GRACE - FIVE_MINUTES, oldest)
    comparisons = {
        start: store.write_five_minutes(start, sources, now=now)
        for start, sources in sorted(_add_successors(windows, now).items())
    }
    _claim_hours(windows)
    _claim_late_days(windows, now)
    hours = _claim(DirtyWindow.Width.HOUR, now - GRACE - HOUR)
    for start, sources in sorted(hours.items()):
        store.write_hour(start, sources)
    # The drain locks series before replicas, and waits for replicas that are noted here.
    for start, comparisons_by_source in comparisons.items():
        note_comparisons(comparisons_by_source, start=start)
    return len(windows) + len(hours)


def _claim(width: int, newest: datetime, oldest: datetime | None = None) -> Windows:
    windows: Windows = defaultdict(set)
    oldest = oldest or EPOCH
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"width_s": int(width), "oldest": oldest, "newest": newest, "limit": AT_ONCE})
        for start, source_id in cursor.fetchall():
            windows[start].add(source_id)
    return windows


def _add_successors(windows: Windows, now: datetime) -> Windows:
    """Add the windows whose counters rose from a reading in these: late samples may change that reading. Windows with
    their own claim are computed when that claim is taken."""
    wider: Windows = defaultdict(set, {start: set(sources) for start, sources in windows.items()})
    if not windows:
        return wider
    closed = now - GRACE - FIVE_MINUTES
    claimed = set(
        DirtyWindow.objects.filter(
            width_s=DirtyWindow.Width.FIVE_MINUTES, start__gt=min(windows), start__lte=closed
        )
        .values_list("start", "source_id")
        .distinct()
    )
    for start, sources in windows.items():
        after = start + FIVE_MINUTES
        while after <= min(start + LOOK_BACK, closed):
            wider[after] |= {source for source in sources if (after, source) not in claimed}
            after += FIVE_MINUTES
    return {start: sources for start, sources in wider.items() if sources}


def _claim_hours(windows: Windows) -> None:
    hours = {(start.replace(minute=0), source) for start, sources in windows.items() for source in sources}
    DirtyWindow.objects.bulk_create(
        DirtyWindow(source_id=source, start=start, width_s=DirtyWindow.Width.HOUR)
        for start, source in sorted(hours)
    )


def _claim_late_days(windows: Windows, now: datetime) -> None:
    today = now.astimezone(UTC).date()
    sources_of_day: dict[Any, set[int]] = defaultdict(set)
    for start, sources in windows.items():
        if start.date() < today:
            sources_of_day[start.date()] |= sources
    for day, sources in sorted(sources_of_day.items()):
        sites = Series.objects.filter(source__in=sources, site__isnull=False).order_by("site")
        LateDay.objects.bulk_create(
            LateDay(site_id=site_id, on_date=day)
            for site_id in sites.values_list("site_id", flat=True).distinct()
        )
