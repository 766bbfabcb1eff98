"""Figures of the loop between operations and planning."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

DAY = timedelta(days=1)
LATE = timedelta(days=30)
"""A finding that waits longer counts in the median with its age, or nobody's answering would look like a quick answer.
Operator-set default: the pass limit of p5-ops-planner-loop."""


@dataclass(frozen=True, slots=True)
class AnswerTime:
    """`answered_at` is that of the first answer, None while there is none."""

    raised_at: datetime
    answered_at: datetime | None = None


def decision_days(times: Iterable[AnswerTime], *, now: datetime) -> float | None:
    """The median days from a finding to its first answer; None while nothing is answered or late."""
    days = [span / DAY for span in (_counted_span(each, now) for each in times) if span is not None]
    return round(median(days), 2) if days else None


def _counted_span(time: AnswerTime, now: datetime) -> timedelta | None:
    if time.answered_at is not None:
        return time.answered_at - time.raised_at
    age = now - time.raised_at
    return age if age > LATE else None


def share_percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def median_days(spans: Sequence[timedelta]) -> float | None:
    return round(median(span / DAY for span in spans), 1) if spans else None
