"""The register of a site at an instant: duties and certificates that are overdue, due soon, or without an owner."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SOON = timedelta(days=30)
EARLIEST, LATEST = date.min + SOON + timedelta(days=2), date.max - timedelta(days=2)
"""Days whose instants, and the time before them, are within what Python can tell in every zone."""


def instant_due(on: date | None, hour: int, zone: str) -> datetime | None:
    """The instant from which it is overdue: that hour of the day by the clocks of the site; 24 is its end."""
    if on is None:
        return None
    on = min(max(on, EARLIEST), LATEST)
    day, hour = (on + timedelta(days=1), 0) if hour == 24 else (on, hour)
    return datetime.combine(day, time(hour), ZoneInfo(zone))


@dataclass(frozen=True, slots=True)
class RegisterItem:
    """A duty or a certificate. Nobody owns it from `owned_until` on; None if the owner stays, and `is_owned` is False
    without one. `due_at` is None if no date is known."""

    name: str
    due_at: datetime | None
    is_owned: bool
    owned_until: datetime | None = None

    def owned_at(self, now: datetime) -> bool:
        return self.is_owned and (self.owned_until is None or self.owned_until > now)

    def overdue_at(self, now: datetime) -> bool:
        return self.due_at is not None and self.due_at <= now

    def soon_at(self, now: datetime) -> bool:
        return self.due_at is not None and now < self.due_at <= now + SOON


@dataclass(frozen=True, slots=True)
class SiteRegister:
    """The duties and certificates that count at a site, by name."""

    items: tuple[RegisterItem, ...]

    def overdue(self, now: datetime) -> list[RegisterItem]:
        return [item for item in self.items if item.overdue_at(now)]

    def due_soon(self, now: datetime) -> list[RegisterItem]:
        return [item for item in self.items if item.soon_at(now)]

    def unowned(self, now: datetime) -> list[RegisterItem]:
        return [item for item in self.items if not item.owned_at(now)]

    def owned_percent(self, now: datetime) -> float:
        """A register without a duty has none that nobody owns."""
        if not self.items:
            return 100.0
        return 100.0 * (len(self.items) - len(self.unowned(now))) / len(self.items)

    def changes_at(self, now: datetime) -> datetime | None:
        return min((moment for moment in self._moments() if moment > now), default=None)

    def _moments(self) -> Iterable[datetime]:
        for item in self.items:
            if item.due_at is not None:
                yield from (item.due_at, item.due_at - SOON)
            if item.owned_until is not None:
                yield item.owned_until
