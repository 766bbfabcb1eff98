"""The past of the object of a problem: its own problems, and the flips of a check."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.scoring.models import Flip
from readiness.assessment.scoring.queries.rows import flip_row
from readiness.boards.health.sentences import FlipLine
from readiness.boards.problems.rows import ProblemRow, problem_rows
from readiness.loop.problems import queries
from readiness.loop.problems.core.states import ProblemKind
from readiness.loop.problems.models import Problem

LOOK_BACK = timedelta(days=30)
MOST = 8


@dataclass(frozen=True, slots=True)
class PastEvent:
    """The beginning or the end of a problem, or a flip of a check."""

    at: datetime
    problem: ProblemRow | None = None
    is_end: bool = False
    flip: FlipLine | None = None


def history_of(problem: ProblemRow, framework: Framework, *, now: datetime) -> Sequence[PastEvent]:
    """The newest first; one statement."""
    if problem.kind is ProblemKind.CHECK:
        flips = Flip.objects.filter(site=problem.site_id, subject="check", key=problem.check_id, at__lte=now)
        rows = [flip_row(flip, framework) for flip in flips.select_related("site")[:MOST]]
        return [PastEvent(row.flip.at, flip=FlipLine(*row)) for row in rows]
    problems = problem_rows(_same_object(problem, now), now=now)
    # Where an object and the cause that it follows from began together, once is enough.
    events = {(event.at, event.is_end): event for each in problems for event in _turns(each)}
    return sorted(events.values(), key=lambda event: event.at, reverse=True)[:MOST]


def _same_object(problem: ProblemRow, now: datetime) -> QuerySet[Problem]:
    """The problems of the same object, or else those with the same identity."""
    reason = problem.reasons[0] if problem.reasons else None
    alike = Q(kind=problem.kind, key=problem.key)
    if reason is not None and reason.object_id:
        alike |= Q(object_kind=reason.object_kind, object_id=reason.object_id)
    recent = Q(ended_at=None) | Q(ended_at__gte=now - LOOK_BACK)
    problems = queries.problems(now=now).filter(alike, recent, site=problem.site_id)
    return problems.order_by("-first_seen_at", "-pk")[:MOST]


def _turns(row: ProblemRow) -> Iterator[PastEvent]:
    yield PastEvent(row.since or row.first_seen_at, row)
    if row.ended_at is not None:
        yield PastEvent(row.ended_at, row, is_end=True)
