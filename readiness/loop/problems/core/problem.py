"""A problem as the facts of a site show it at an instant."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from readiness.loop.problems.core.states import ProblemKind, ProblemState, rank_of

type StoredReason = Mapping[str, Any]
"""A reason of an object (`HealthReason`) as JSON: object, metric, value, limit, `since`, `taken_at`."""

NO_DATA = "no-data"
"""Stands for silence among the metrics of a problem."""


class Identity(NamedTuple):
    """At one site at most one open problem has it."""

    kind: ProblemKind
    key: str


class ObjectOfProblem(NamedTuple):
    kind: str
    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentProblem:
    """`subject` is the domain, the id of the source or device, the check, or the queue. `cause` is None for a problem
    that follows from no other. `object` is the one that it is about, `objects` the number of those that a cause of
    several stands for. `metrics` show it, and `metrics_of_object` show that the object that decided a check is not
    well. A last known one was true when the last sample came, and nothing has answered it since.
    """

    identity: Identity
    state: ProblemState
    subject: str
    cause: Identity | None = None
    is_last_known: bool = False
    since: datetime | None = None
    last_sample_at: datetime | None = None
    title: str = ""
    detail: str = ""
    value: str = ""
    limit: str = ""
    reasons: tuple[StoredReason, ...] = ()
    object: ObjectOfProblem | None = None
    objects: int = 0
    metrics: frozenset[str] = frozenset()
    metrics_of_object: frozenset[str] = frozenset()
    check_id: str = ""

    @property
    def root(self) -> Identity:
        return self.cause or self.identity

    @property
    def rank(self) -> int:
        return rank_of(self.state, is_last_known=self.is_last_known)

    @property
    def is_of_domain(self) -> bool:
        return self.identity == (ProblemKind.HEALTH, self.subject)

    @property
    def is_of_several(self) -> bool:
        """Whether it is the cause of several objects that break the same rule."""
        return self.object is None and self.objects > 1 and not self.is_of_domain
