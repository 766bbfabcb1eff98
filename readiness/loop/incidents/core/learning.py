"""Judge how a site learns from its incidents: the figures of the check p5-incident-learning, from records.

A site without an incident in the window has nothing to learn from, and counts as having learned: 100 %, no repeats.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from readiness.loop.incidents.core.rules import ALWAYS_REVIEWED, IncidentSeverity

WINDOW = timedelta(days=90)
ALL = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRecord:
    """One incident that is over. `review_due_on` is the last day of its review, `reviewed_on` the day of the review,
    both by the calendar of the site."""

    severity: IncidentSeverity
    ended_at: datetime
    review_due_on: date
    reviewed_on: date | None = None
    is_repeat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRecord:
    """An action after an incident. `closed_on` is when it was done and its effect seen, or dropped with a reason."""

    has_owner: bool
    due_on: date | None
    closed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Learning:
    """Shares in percent; 100 where there is nothing to judge."""

    reviews_in_time: float
    actions_owned: float
    actions_on_time: float
    repeats: int


def learning(
    incidents: Sequence[IncidentRecord], actions: Sequence[ActionRecord], *, now: datetime, today: date
) -> Learning:
    """The figures of the last 90 days. `incidents` are those that are over, `actions` those of these incidents, and of
    earlier ones that are due in the window. A review or action that is not due yet counts neither for nor against."""
    in_window = [each for each in incidents if now - WINDOW <= each.ended_at <= now]
    severe = [each for each in in_window if each.severity in ALWAYS_REVIEWED]
    judged_incidents = [each for each in severe if each.reviewed_on is not None or each.review_due_on < today]
    reviewed_in_time = [
        each for each in judged_incidents if each.reviewed_on and each.reviewed_on <= each.review_due_on
    ]
    first_day = today - WINDOW
    due_actions = [
        each
        for each in actions
        if each.due_on and each.due_on >= first_day and (each.closed_on or each.due_on < today)
    ]
    done_on_time = [
        each for each in due_actions if each.closed_on and each.due_on and each.closed_on <= each.due_on
    ]
    return Learning(
        reviews_in_time=_share(len(reviewed_in_time), len(judged_incidents)),
        actions_owned=_share(sum(each.has_owner for each in actions), len(actions)),
        actions_on_time=_share(len(done_on_time), len(due_actions)),
        repeats=sum(each.is_repeat for each in in_window),
    )


def _share(part: int, whole: int) -> float:
    return ALL * part / whole if whole else ALL
