"""The events that a chart marks: few enough to be read, of every kind, and numbered in the order of time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

MOST_MARKS = 6
MOST_READ = 100
"""Events of each source that are read, the newest: older ones have no mark."""
PARTS = 30
"""Events of one kind within this part of a chart share a mark: side by side they could not be told apart."""


class EventKind(StrEnum):
    """In the order in which they are marked where there is no room for all."""

    VERDICT = "verdict"
    INCIDENT = "incident"
    VERSION = "version"
    WINDOW = "window"
    ALERT = "alert"
    WAIVER = "waiver"
    HANDOVER = "hand-over"
    DECISION = "decision"
    FINDING = "finding"
    ACTION = "action"
    LESSON = "lesson"
    SILENCE = "silence"
    CHANGE = "change"
    CHECK = "check"
    RUN = "run"
    HEALTH = "health"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartEvent:
    """`ends_at` is None for what happens at an instant. `others` counts the events that share its mark."""

    kind: EventKind
    at: datetime
    title: str
    url: str = ""
    ends_at: datetime | None = None
    others: int = 0

    @property
    def lasts(self) -> timedelta:
        return (self.ends_at or self.at) - self.at


@dataclass(frozen=True, slots=True)
class ChartMarks:
    """`more` counts the events without a mark."""

    events: Sequence[ChartEvent]
    more: int


def chart_marks(events: Iterable[ChartEvent], *, start: datetime, end: datetime) -> ChartMarks:
    """The newest of each kind in turn, until there are enough; then in the order of time."""
    waiting = {
        kind: _shared(of_kind, (end - start) / PARTS) for kind, of_kind in _split_by_kind(events).items()
    }
    marked: list[ChartEvent] = []
    while len(marked) < MOST_MARKS and any(waiting.values()):
        for kind in EventKind:
            if waiting.get(kind) and len(marked) < MOST_MARKS:
                marked.append(waiting[kind].pop())
    more = sum(1 + event.others for rest in waiting.values() for event in rest)
    return ChartMarks(sorted(marked, key=lambda event: (event.at, event.kind, event.title)), more)


def _split_by_kind(events: Iterable[ChartEvent]) -> dict[EventKind, list[ChartEvent]]:
    by_kind: dict[EventKind, list[ChartEvent]] = defaultdict(list)
    for event in sorted(events, key=lambda event: (event.at, event.title)):
        by_kind[event.kind].append(event)
    return by_kind


def _shared(events: Iterable[ChartEvent], width: timedelta) -> list[ChartEvent]:
    """Oldest first. Events of one kind so near to the first of them that a chart would draw them on each other are one;
    what lasts visibly keeps its own mark."""
    shared: list[ChartEvent] = []
    for event in events:
        first = shared[-1] if shared else None
        if first and event.at - first.at <= width and max(first.lasts, event.lasts) <= width:
            shared[-1] = replace(first, others=first.others + 1)
        else:
            shared.append(event)
    return shared
