"""Problems of one domain's health: one for each object, and one for all that break the same rule."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from readiness.assessment.scoring.core.states import Health
from readiness.loop.problems.core.problem import (
    NO_DATA,
    Identity,
    ObjectOfProblem,
    PresentProblem,
    StoredReason,
)
from readiness.loop.problems.core.states import ProblemKind, ProblemState, rank_of
from telemetry.core.metric import LimitTest

STATE_OF_HEALTH: Mapping[str, ProblemState] = {
    Health.CRITICAL.value: ProblemState.CRITICAL,
    Health.WARN.value: ProblemState.WARN,
}
"""Every other health is silence."""
_HEARD = (Health.OK, Health.WARN, Health.CRITICAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainFacts:
    """The stored health of a domain. `is_blind` says that its samples ran out after the last evaluation. A list of
    reasons that `is_full` may leave out objects."""

    domain: str
    health: str
    since: datetime
    heard_at: datetime | None
    last_health: str
    is_blind: bool
    objects_by_health: Mapping[str, int]
    reasons: tuple[StoredReason, ...]
    is_full: bool = False

    @property
    def is_silent(self) -> bool:
        """Whether nothing of the domain is heard from; one silent object among others leaves the domain heard."""
        if self.is_blind:
            return True
        return self.health == Health.UNKNOWN and not any(map(self.objects_by_health.get, _HEARD))


def domain_problems(
    facts: DomainFacts, *, silence: Identity | None, open_keys: Collection[str]
) -> list[PresentProblem]:
    """`silence` is the site's silent source, `open_keys` are the keys of the site's open problems of health.

    While the whole domain is silent, an object that was well has no problem of its own, unless it had one before: the
    domain's problem stands for it. What was wrong stays, as last known.
    """
    objects = [_object_problem(facts.domain, reasons) for reasons in _group_by_object(facts.reasons)]
    if not facts.is_silent:
        return _grouped(facts.domain, objects) or _unexplained(facts)
    whole = _silent_domain(facts, silence)
    unheard = [
        replace(each, cause=whole.root)
        for each in objects
        if each.state is ProblemState.SILENT and each.identity.key in open_keys
    ]
    wrong = [each for each in objects if each.state is not ProblemState.SILENT]
    return [whole, *unheard, *_grouped(facts.domain, wrong)]


def _group_by_object(reasons: Iterable[StoredReason]) -> Iterable[Sequence[StoredReason]]:
    by_object: dict[tuple[str, int], list[StoredReason]] = defaultdict(list)
    for reason in reasons:
        by_object[reason["object_kind"], reason["object_id"]].append(reason)
    return [sorted(alike, key=_severity) for alike in by_object.values()]


def _severity(reason: StoredReason) -> int:
    return rank_of(state_of(reason), is_last_known=is_last_known(reason))


def state_of(reason: StoredReason) -> ProblemState:
    """A silent object keeps the state that its last reading had."""
    health = reason["health"] if reason["health"] != Health.UNKNOWN else reason.get("was", "")
    return STATE_OF_HEALTH.get(health, ProblemState.SILENT)


def is_last_known(reason: StoredReason) -> bool:
    is_known = reason.get("is_last_known") or reason["health"] == Health.UNKNOWN
    return bool(is_known) and state_of(reason) is not ProblemState.SILENT


def _object_problem(domain: str, reasons: Sequence[StoredReason]) -> PresentProblem:
    worst = reasons[0]
    thing = ObjectOfProblem(worst["object_kind"], worst["object_id"], worst["object"])
    return PresentProblem(
        identity=Identity(ProblemKind.HEALTH, f"{domain}-{thing.kind}-{thing.id}"),
        state=state_of(worst),
        subject=domain,
        is_last_known=is_last_known(worst),
        since=_began_at(reasons),
        last_sample_at=_sampled_at(reasons),
        reasons=tuple(reasons),
        object=thing,
        objects=1,
        metrics=frozenset(map(_metric, reasons)),
    )


def _metric(reason: StoredReason) -> str:
    return NO_DATA if state_of(reason) is ProblemState.SILENT else str(reason.get("metric", ""))


def _grouped(domain: str, objects: Iterable[PresentProblem]) -> list[PresentProblem]:
    """Objects whose worst reason breaks the same rule follow from one cause, which names them all."""
    by_rule: dict[str, list[PresentProblem]] = defaultdict(list)
    for each in objects:
        by_rule[_metric(each.reasons[0])].append(each)
    problems: list[PresentProblem] = []
    for metric, alike in by_rule.items():
        if len(alike) == 1:
            problems += alike
        else:
            cause = _rule_problem(domain, metric, alike)
            problems += [cause, *(replace(each, cause=cause.identity) for each in alike)]
    return problems


def _rule_problem(domain: str, metric: str, alike: Sequence[PresentProblem]) -> PresentProblem:
    head = min(alike, key=lambda each: each.rank)
    reasons = [each.reasons[0] for each in alike]
    worst = _worst([reason for reason in reasons if _severity(reason) == head.rank])
    return PresentProblem(
        identity=Identity(ProblemKind.HEALTH, f"{domain}-{metric}"),
        state=head.state,
        subject=domain,
        is_last_known=head.is_last_known,
        since=_began_at(reasons),
        last_sample_at=_sampled_at(reasons),
        reasons=(worst, *(reason for reason in reasons if reason is not worst)),
        objects=len(alike),
        metrics=frozenset({metric}),
    )


def _worst(alike: Sequence[StoredReason]) -> StoredReason:
    valued = [reason for reason in alike if reason.get("value") is not None]
    if not valued:
        return alike[0]
    pick = min if valued[0].get("direction") == LimitTest.BELOW else max
    return pick(valued, key=lambda reason: float(reason["value"]))


def _silent_domain(facts: DomainFacts, silence: Identity | None) -> PresentProblem:
    return PresentProblem(
        identity=Identity(ProblemKind.HEALTH, facts.domain),
        state=ProblemState.SILENT,
        subject=facts.domain,
        cause=silence,
        since=facts.since,
        last_sample_at=facts.heard_at or facts.since,
        detail=f"last {facts.last_health}" if facts.last_health else "",
        reasons=facts.reasons,
        objects=len({(reason["object_kind"], reason["object_id"]) for reason in facts.reasons}),
        metrics=frozenset({NO_DATA}),
    )


def _unexplained(facts: DomainFacts) -> list[PresentProblem]:
    """A domain that is not well, for which no object has a reason."""
    if facts.health not in STATE_OF_HEALTH:
        return []
    state = STATE_OF_HEALTH[facts.health]
    identity = Identity(ProblemKind.HEALTH, facts.domain)
    return [PresentProblem(identity=identity, state=state, subject=facts.domain, since=facts.since)]


def _began_at(reasons: Iterable[StoredReason]) -> datetime | None:
    return min(_instants(reasons, "since"), default=_sampled_at(reasons))


def _sampled_at(reasons: Iterable[StoredReason]) -> datetime | None:
    return max(_instants(reasons, "taken_at"), default=None)


def _instants(reasons: Iterable[StoredReason], name: str) -> list[datetime]:
    return [datetime.fromisoformat(at) for reason in reasons if (at := reason.get(name))]
