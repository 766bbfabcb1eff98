"""How many actions were open at the end of each week."""

import itertools
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WEEK = timedelta(days=7)
WEEKS = 26


@dataclass(frozen=True, slots=True)
class BacklogWeek:
    """`opened` and `ended` are of the week that ends at `at`, `open_count` is how many were open then."""

    at: datetime
    open_count: int
    opened: int
    ended: int


def backlog(
    spans: Iterable[tuple[datetime, datetime | None]], *, now: datetime, weeks: int = WEEKS
) -> list[BacklogWeek]:
    """From spans of actions, added and ended; oldest week first."""
    both = list(spans)
    starts = sorted(start for start, _end in both)
    ends = sorted(end for _start, end in both if end is not None)
    edges = [now - WEEK * number for number in range(weeks, -1, -1)]
    return [
        BacklogWeek(
            at=edge,
            open_count=bisect_right(starts, edge) - bisect_right(ends, edge),
            opened=bisect_right(starts, edge) - bisect_right(starts, before),
            ended=bisect_right(ends, edge) - bisect_right(ends, before),
        )
        for before, edge in itertools.pairwise(edges)
    ]


def trend_words(of_weeks: Sequence[BacklogWeek]) -> str:
    """Whether the backlog grows, as a sentence."""
    if not of_weeks or not any(week.open_count or week.opened for week in of_weeks):
        return "No action was open in this time."
    first, last = of_weeks[0].open_count, of_weeks[-1].open_count
    if first == last:
        return f"The backlog is as large as {len(of_weeks)} weeks ago: {last}."
    verb = "grew" if last > first else "shrank"
    return f"The backlog {verb} from {first} to {last} in {len(of_weeks)} weeks."
