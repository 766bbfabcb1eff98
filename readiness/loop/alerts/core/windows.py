"""The occurrences of a maintenance window: once, or by a rule (RFC 5545) in the window's time zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from readiness.organisation.people.core.recurrence import RuleRefused, starts_of

LONGEST_SERIES = timedelta(days=731)
"""A window repeats for two years at most, so that somebody looks at it again."""
MOST_LOOKED_AT = 400


@dataclass(frozen=True, slots=True)
class WindowOccurrence:
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowSeries:
    """`starts_at` is the start of the first occurrence. None begins at `last_ends_at` or later, and none goes on after
    it."""

    starts_at: datetime
    duration: timedelta
    last_ends_at: datetime
    rule: str = ""
    time_zone: str = "UTC"


def occurrences(series: WindowSeries, *, after: datetime) -> Iterator[WindowOccurrence]:
    """The occurrences that end after an instant, in order. They begin at the same time of day, also when the clocks
    change, and each lasts exactly as long as the first (RFC 5545, 3.3.6). A start that the clocks skip comes as much
    later as they skip, one that comes twice is the first of both (3.3.5)."""
    for starts_at in _starts(series):
        ends_at = min(starts_at + series.duration, series.last_ends_at)
        if ends_at > max(after, starts_at):
            yield WindowOccurrence(starts_at, ends_at)


def _starts(series: WindowSeries) -> Iterator[datetime]:
    if not series.rule:
        yield series.starts_at
        return
    zone = ZoneInfo(series.time_zone)
    first, last = (
        at.astimezone(zone).replace(tzinfo=None, fold=0) for at in (series.starts_at, series.last_ends_at)
    )
    for local in starts_of(series.rule, first, last):
        # A first start in the second of two hours of the same name is not the hour before.
        yield max(local.replace(tzinfo=zone).astimezone(UTC), series.starts_at)


def next_occurrence(series: WindowSeries, *, after: datetime) -> WindowOccurrence | None:
    """The occurrence that is under way just after an instant, else the next; None after the last."""
    return next(occurrences(series, after=after), None)


def refuse_rule(series: WindowSeries) -> None:
    """Raises RuleRefused for a rule that cannot be followed, that gives nothing, or whose windows would overlap."""
    if not series.rule:
        return
    if "COUNT=" in series.rule or "UNTIL=" in series.rule:
        raise RuleRefused("COUNT and UNTIL are left out: the window has an end of its own.")
    starts = list(islice(_starts(series), MOST_LOOKED_AT))
    if not starts:
        raise RuleRefused("The rule never comes true before the last end.")
    if any(later - earlier < series.duration for earlier, later in pairwise(starts)):
        raise RuleRefused(
            "The window would begin again before it ended. Shorten it, or let it repeat less often."
        )
