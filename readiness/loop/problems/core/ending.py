"""Ends of open problems that no fact shows any more. Silence ends none."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from readiness.assessment.scoring.core.states import CheckState
from readiness.loop.problems.core.folding import Node
from readiness.loop.problems.core.health import DomainFacts, metric_of
from readiness.loop.problems.core.problem import StoredReason
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
    @property
    def first_seen_at(self) -> datetime: ...
    @property
    def reasons(self) -> Sequence[StoredReason]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EndFacts:
    """Facts about the subjects of problems that are no longer shown.

    `in_service` are objects that the site still runs; `unwell` those that a domain still has reasons of, and
    `ended_by_hand` when a person last ended a reason, by domain, object and metric; otherwise only samples end one.
    `source_states` are of sources that still serve the site, `check_states` of checks that the framework still has,
    `drift_states` of contradictions of devices. `parted_meters` are keys of problems of meters that the inventory no
    longer compares.
    """

    is_retired: bool = False
    domains: Mapping[str, DomainFacts] = field(default_factory=dict)
    in_service: Collection[Node] = ()
    unwell: Collection[tuple[str, Node]] = ()
    ended_by_hand: Mapping[tuple[str, Node, str], datetime] = field(default_factory=dict)
    source_states: Mapping[str, str] = field(default_factory=dict)
    check_states: Mapping[str, str] = field(default_factory=dict)
    drift_states: Mapping[str, Collection[str]] = field(default_factory=dict)
    parted_meters: Collection[str] = ()


def end_of(problem: OpenProblem, facts: EndFacts) -> ProblemEnd:
    """How it ended. `REGROUPED` is for objects that are still not well, and stand under another problem now, and for
    meters that the inventory no longer joins."""
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
        case ProblemKind.DUTY:
            return ProblemEnd.DUTY
        case ProblemKind.INVENTORY:
            return _end_of_drift(facts.drift_states.get(problem.subject))
        case ProblemKind.INTAKE:
            return _end_of_intake(problem.key, facts.source_states.get(problem.subject))
        case ProblemKind.MUSTER:
            return ProblemEnd.MUSTER
        case ProblemKind.SHIFT:
            return ProblemEnd.SHIFT
        case ProblemKind.MEASUREMENT:
            if nodes_of(problem).isdisjoint(facts.in_service):
                return ProblemEnd.OBJECT_GONE
            return ProblemEnd.REGROUPED if problem.key in facts.parted_meters else ProblemEnd.SAMPLE


def _end_of_health(problem: OpenProblem, facts: EndFacts) -> ProblemEnd:
    domain = facts.domains.get(problem.subject)
    if problem.key == problem.subject:
        return ProblemEnd.SAMPLE if _is_heard(domain) else ProblemEnd.OBJECT_GONE
    if _is_regrouped(problem, domain, facts):
        return ProblemEnd.REGROUPED
    nodes = nodes_of(problem)
    if nodes.isdisjoint(facts.in_service):
        return ProblemEnd.OBJECT_GONE
    metric = metric_of(problem.reasons[0]) if problem.reasons else ""
    by_hand = (facts.ended_by_hand.get((problem.subject, node, metric)) for node in nodes)
    is_by_hand = any(at is not None and at >= problem.first_seen_at for at in by_hand)
    return ProblemEnd.PERSON if is_by_hand else ProblemEnd.SAMPLE


def _is_regrouped(problem: OpenProblem, domain: DomainFacts | None, facts: EndFacts) -> bool:
    if problem.object_id is None:
        return domain is not None and problem.key.removeprefix(f"{problem.subject}-") in domain.metrics
    node = problem.object_kind, problem.object_id
    return node in facts.in_service and (problem.subject, node) in facts.unwell


def nodes_of(problem: OpenProblem) -> set[Node]:
    if problem.object_id is not None:
        return {(problem.object_kind, problem.object_id)}
    return {(reason["object_kind"], reason["object_id"]) for reason in problem.reasons}


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
