"""When a message may leave: quiet hours, "I am awake, hold the rest", and one message a minute."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

BETWEEN = timedelta(minutes=1)
"""At most one message for each channel in this time."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """`quiet_from` and `quiet_until` are local times of `zone`; with the end before the beginning, they last over
    midnight."""

    zone: tzinfo
    quiet_from: time | None = None
    quiet_until: time | None = None
    awake_until: datetime | None = None


def held_until(preferences: Preferences, *, now: datetime) -> datetime | None:
    """The instant until which messages that can wait are held; None if they need not wait."""
    ends = [preferences.awake_until] if preferences.awake_until and preferences.awake_until > now else []
    if (quiet := _quiet_until(preferences, now)) is not None:
        ends.append(quiet)
    return max(ends, default=None)


def _quiet_until(preferences: Preferences, now: datetime) -> datetime | None:
    """The end of the quiet hours under way. They are spans between instants, so that a night on which the clocks change
    is an hour longer or shorter, and none comes twice."""
    start, end, zone = preferences.quiet_from, preferences.quiet_until, preferences.zone
    if start is None or end is None:
        return None
    today = now.astimezone(zone).date()
    for day in (today - _DAY, today):
        last_day = day if start < end else day + _DAY
        starts_at, ends_at = (
            datetime.combine(on, at, zone).astimezone(now.tzinfo)
            for on, at in ((day, start), (last_day, end))
        )
        if starts_at <= now < ends_at:
            return ends_at
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPace:
    """When a channel last got a message, and when one with a page."""

    sent_at: datetime | None = None
    page_sent_at: datetime | None = None

    def lets_through(self, *, is_page: bool, now: datetime) -> bool:
        """A page waits only for the minute of the page before it, not for that of a lesser message."""
        before = self.page_sent_at if is_page else self.sent_at
        return before is None or before + BETWEEN <= now
