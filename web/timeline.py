"""An event as each room tells it to the timeline: something that happened, or that lasts.

A room gives `events_between(start, end, *, sites, user, limit)` in its `queries`: of these sites (None: of all that the
user sees), the newest first.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent:
    """`kind` is a word of the room, such as "finding". `site_id` is None for what is of the fleet, `ends_at` for what
    happens at an instant. `subject` are table and key of the object that it is about, such as ("check", "p1-soak-24h").
    """

    kind: str
    at: datetime
    title: str
    url: str = ""
    site_id: int | None = None
    ends_at: datetime | None = None
    subject: tuple[str, str] = ("", "")
