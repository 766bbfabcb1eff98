"""Differences between the stored problems of a site and those that its facts show."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from readiness.loop.problems import sentences
from readiness.loop.problems.core.ending import EndFacts, end_of
from readiness.loop.problems.core.problem import Identity, PresentProblem
from readiness.loop.problems.core.states import ProblemKind
from readiness.loop.problems.models import Problem

SEEN_EVERY = timedelta(hours=1)
"""How often an unchanged problem is noted as seen."""
MOST_REASONS = 30
"""Enough for every object of the largest group that is no crowd."""
TELLING = frozenset(
    {"state", "is_last_known", "cause_kind", "cause_key", "title", "objects_affected", "check_id"}
)
"""A change of these gives a problem a new position, so that its followers read it again; a new value does not."""
WRITTEN = [
    field.name
    for field in Problem._meta.concrete_fields
    if field.name not in ("id", "site", "kind", "key", "first_seen_at")
]
type Columns = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Differences:
    added: list[Problem]
    changed: list[Problem]


def differences(
    site_id: int | None,
    present: Sequence[PresentProblem],
    stored: Sequence[Problem],
    facts: EndFacts,
    *,
    now: datetime,
) -> Differences:
    """The rows to add, and the stored ones to write again; those that end are among them. `site_id` is None for those
    that belong to no site."""
    rows = {problem.identity: _columns(problem) for problem in present}
    _add_heads(rows)
    by_identity = {problem.identity: problem for problem in stored}
    added = [
        Problem(
            site_id=site_id,
            kind=identity.kind,
            key=identity.key,
            first_seen_at=now,
            last_seen_at=now,
            **columns,
        )
        for identity, columns in sorted(rows.items())
        if identity not in by_identity
    ]
    changed = [
        problem
        for identity, problem in by_identity.items()
        if identity in rows and _move(problem, rows[identity], now)
    ]
    for problem in stored:
        if problem.identity not in rows:
            end = end_of(problem, facts)
            problem.ended_at, problem.ended_by, problem.position = now, end.value, None
            changed.append(problem)
    return Differences(added, changed)


def _columns(problem: PresentProblem) -> Columns:
    cause, thing = problem.root, problem.object
    return {
        "subject": problem.subject,
        "state": problem.state.value,
        "is_last_known": problem.is_last_known,
        "cause_kind": cause.kind.value,
        "cause_key": cause.key,
        "title": sentences.title_of(problem),
        "detail": sentences.detail_of(problem),
        "value": problem.value,
        "limit": problem.limit,
        "reasons": [dict(reason) for reason in problem.reasons[:MOST_REASONS]],
        "metrics": sorted(problem.metrics),
        "object_kind": thing.kind if thing else "",
        "object_id": thing.id if thing else None,
        "object": problem.reasons[0]["object"] if problem.reasons else "",
        "objects_affected": problem.objects,
        "check_id": problem.check_id,
        "since": problem.since,
        "last_sample_at": problem.last_sample_at,
        "rank": problem.rank,
    }


def _add_heads(rows: dict[Identity, Columns]) -> None:
    """Repeat of each cause what its list is sorted by. A problem whose cause has ended stands for itself."""
    for identity, columns in rows.items():
        if _cause_of(columns) not in rows:
            columns.update(cause_kind=identity.kind.value, cause_key=identity.key)
    members = Counter(map(_cause_of, rows.values()))
    for identity, columns in rows.items():
        head = rows[_cause_of(columns)]
        columns["is_cause"] = _cause_of(columns) == identity
        columns["follow"] = members[identity] - 1 if columns["is_cause"] else 0
        columns.update({f"head_{name}": head[name] for name in ("rank", "title", "since")})


def _cause_of(columns: Columns) -> Identity:
    return Identity(ProblemKind(columns["cause_kind"]), columns["cause_key"])


def _move(problem: Problem, columns: Columns, now: datetime) -> bool:
    """Give a stored problem its new columns; returns whether there is anything to write."""
    moved = {name for name, value in columns.items() if getattr(problem, name) != value}
    is_seen = not columns["is_last_known"]
    if not moved and not (is_seen and now - problem.last_seen_at >= SEEN_EVERY):
        return False
    for name in moved:
        setattr(problem, name, columns[name])
    if is_seen:
        problem.last_seen_at = now
    if not moved.isdisjoint(TELLING):
        problem.position = None
    return True
