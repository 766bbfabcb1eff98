"""Ends of open problems that no fact shows any more. Silence ends none."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from readiness.assessment.scoring.core.states import CheckState
from readiness.loop.problems.core.health import DomainFacts
from readiness.loop.problems.core.states import ProblemEnd, ProblemKind

ON_TIME = "on-time"
PAUSED = "-paused"
"""Ends the key of a paused source's problem, which ends as somebody lets it send again."""
DECIDED = frozenset({"corrected", "dismissed"})
"""States in which a person ended a contradiction of the inventory."""
HEALED = frozenset({CheckState.PASS, CheckState.WARN})


class OpenProblem(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def object_kind(self) -> str: ...
    @property
    def object_id(self) -> int | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EndFacts:
    """Facts about the subjects of problems that are no longer shown.

    `in_service` are objects that the site still runs; `unanswered` the keys of problems whose metric is silent since.
    `source_states` are of sources that still serve the site, `check_states` of checks that the framework still has,
    `drift_states` of contradictions of devices.
    """

    is_retired: bool = False
    domains: Mapping[str, DomainFacts] = field(default_factory=dict)
    in_service: Collection[tuple[str, int]] = ()
    unanswered: Collection[str] = ()
    source_states: Mapping[str, str] = field(default_factory=dict)
    check_states: Mapping[str, str] = field(default_factory=dict)
    drift_states: Mapping[str, Collection[str]] = field(default_factory=dict)


def end_of(problem: OpenProblem, facts: EndFacts) -> ProblemEnd | None:
    """How it ended; None if nothing shows that it did, so that it stays open. `REGROUPED` is for a cause of several
    objects, whose own problems stand for themselves."""
    if facts.is_retired:
        return ProblemEnd.OBJECT_GONE
    match ProblemKind(problem.kind):
        case ProblemKind.HEALTH:
            return _end_of_health(problem, facts)
        case ProblemKind.SOURCE:
            return _end_of_source(facts.source_states.get(problem.subject))
        case ProblemKind.CHECK:
            return _end_of_check(facts.check_states.get(problem.subject))
        case ProblemKind.OWNERSHIP:
            return ProblemEnd.OWNERSHIP
        case ProblemKind.INVENTORY:
            return _end_of_drift(facts.drift_states.get(problem.subject))
        case ProblemKind.INTAKE:
            return _end_of_intake(problem.key, facts.source_states.get(problem.subject))
        case ProblemKind.MUSTER:
            return ProblemEnd.MUSTER


def _end_of_health(problem: OpenProblem, facts: EndFacts) -> ProblemEnd | None:
    domain = facts.domains.get(problem.subject)
    if problem.object_id is None:
        if problem.key != problem.subject:
            return ProblemEnd.REGROUPED
        return ProblemEnd.SAMPLE if _is_heard(domain) else ProblemEnd.OBJECT_GONE
    if (problem.object_kind, problem.object_id) not in facts.in_service:
        return ProblemEnd.OBJECT_GONE
    if domain is None or domain.is_silent or domain.is_full or problem.key in facts.unanswered:
        return None
    return ProblemEnd.SAMPLE


def _is_heard(domain: DomainFacts | None) -> bool:
    return domain is not None and domain.heard_at is not None


def _end_of_source(state: str | None) -> ProblemEnd:
    if state is None:
        return ProblemEnd.OBJECT_GONE
    return ProblemEnd.SOURCE if state == ON_TIME else ProblemEnd.PERSON


def _end_of_intake(key: str, state: str | None) -> ProblemEnd:
    if state is None:
        return ProblemEnd.OBJECT_GONE
    return ProblemEnd.PERSON if key.endswith(PAUSED) else ProblemEnd.SOURCE


def _end_of_check(state: str | None) -> ProblemEnd:
    if state is None:
        return ProblemEnd.RULE
    return ProblemEnd.CHECK if state in HEALED else ProblemEnd.PERSON


def _end_of_drift(states: Collection[str] | None) -> ProblemEnd:
    if not states:
        return ProblemEnd.OBJECT_GONE
    return ProblemEnd.PERSON if not DECIDED.isdisjoint(states) else ProblemEnd.INVENTORY
