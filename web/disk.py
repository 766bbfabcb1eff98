"""How full the disk of the data folder is, and when it will be full if it goes on like this.

A database that meets a full disk fails in the middle of anything. So samples are refused while some space is left,
which their senders keep meanwhile, and every page says so before that.
"""

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings

from web import units
from web.notices import StatusNotice

LOOKED_AT_EVERY = timedelta(seconds=1)
# Below this many times the reserve every page says so.
LOW_TIMES = 5
FORECAST_FROM = timedelta(hours=6)
FORECAST_LEAST = timedelta(minutes=10)
NOTED_EVERY = timedelta(minutes=1)
MB = 1_000_000


@dataclass(frozen=True, slots=True)
class DiskStanding:
    """`full_at`: when samples will be refused if the disk fills as it did in the last hours; None if it does not."""

    free_bytes: int
    total_bytes: int
    reserve_bytes: int
    full_at: datetime | None

    @property
    def free_share(self) -> float:
        return self.free_bytes / self.total_bytes if self.total_bytes else 0.0

    @property
    def state(self) -> str:
        if self.free_bytes < self.reserve_bytes:
            return "full"
        return "low" if self.free_bytes < LOW_TIMES * self.reserve_bytes else "up"


class DiskWatch:
    """The disk as one process saw it. It looks at most once a second, since every body of samples asks."""

    def __init__(self) -> None:
        self._looked_at = datetime.min.replace(tzinfo=UTC)
        self._standing = DiskStanding(0, 0, 0, None)
        self._noted: deque[tuple[datetime, int]] = deque(maxlen=FORECAST_FROM // NOTED_EVERY)

    def measure(self, now: datetime) -> DiskStanding:
        if abs(now - self._looked_at) >= LOOKED_AT_EVERY:
            self._looked_at, self._standing = now, self._look(now)
        return self._standing

    def _look(self, now: datetime) -> DiskStanding:
        free, total = space(settings.DATA_DIR)
        if not self._noted or abs(now - self._noted[-1][0]) >= NOTED_EVERY:
            self._noted.append((now, free))
        reserve = settings.DISK_RESERVE_MB * MB
        return DiskStanding(free, total, reserve, self._full_at(now, free - reserve))

    def _full_at(self, now: datetime, left: int) -> datetime | None:
        first_at, free_then = self._noted[0]
        elapsed, taken = now - first_at, free_then - self._noted[-1][1]
        if elapsed < FORECAST_LEAST or taken <= 0 or left <= 0:
            return None
        days = min(elapsed / timedelta(days=1) * left / taken, 3650.0)
        return now + timedelta(days=days)


def space(folder: Path) -> tuple[int, int]:
    """Free and all bytes of its disk; the nearest folder above that exists, since it may not have been made yet."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize


_watch = DiskWatch()


def disk_standing(now: datetime) -> DiskStanding:
    return _watch.measure(now)


def is_full(now: datetime) -> bool:
    return disk_standing(now).state == "full"


def notices(now: datetime) -> Iterator[StatusNotice]:
    disk = disk_standing(now)
    if disk.state == "up":
        return
    if disk.state == "full":
        free = units.format_value(disk.reserve_bytes, "bytes")
        yield StatusNotice(
            "disk",
            f"Muster's disk is nearly full: less than {free} are free. Samples are refused until there is more space;"
            " senders keep them and send them again.",
        )
        return
    free = units.format_value(LOW_TIMES * disk.reserve_bytes, "bytes")
    # In whole hours, so that the sentence does not change all the time.
    full_at = disk.full_at.replace(minute=0, second=0, microsecond=0) if disk.full_at else None
    when = f", at this rate from {units.instant(full_at)} on" if full_at else ""
    text = (
        f"Muster's disk is nearly full: less than {free} are free. Samples are refused when it is full{when}."
    )
    yield StatusNotice("disk", text, "warn")
