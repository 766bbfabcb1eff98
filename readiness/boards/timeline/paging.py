"""Merges the newest events of many sources into pages that lose none, also where many have the same instant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from web.timeline import TimelineEvent


@dataclass(frozen=True, slots=True)
class PagePosition:
    """Where a page begins: events up to this instant, without the first `skip` of that very instant."""

    at: datetime
    skip: int = 0


@dataclass(frozen=True, slots=True)
class EventPage:
    """`older` is where the next page begins; None on the last one."""

    events: tuple[TimelineEvent, ...]
    older: PagePosition | None


def merged_page(sources: Sequence[Sequence[TimelineEvent]], begin: PagePosition, *, limit: int) -> EventPage:
    """The newest `limit` events. Each source gives `limit + begin.skip + 1` events up to that instant, or all it has,
    the newest first, and those of one instant always in the same order."""
    every = [(event, place) for place, events in enumerate(sources) for event in events]
    # Sorting is stable, so events of one instant and source keep their order.
    every.sort(key=lambda pair: (-pair[0].at.timestamp(), pair[1]))
    following_events = [event for event, _place in every][begin.skip :]
    page = tuple(following_events[:limit])
    if len(following_events) <= limit:
        return EventPage(page, None)
    last_at = page[-1].at
    skip = sum(event.at == last_at for event in page)
    return EventPage(page, PagePosition(last_at, skip + (begin.skip if last_at == begin.at else 0)))
