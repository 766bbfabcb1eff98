"""Problems of one domain's health: one for each object, one for all that break a rule, one for a crowd of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from readiness.assessment.scoring.core.states import Health
from readiness.loop.problems.core.folding import Node, Sufferer, sufferer
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
CROWD_FROM = 26
"""From this number on, objects that break one rule are one problem without one for each of them: whoever wants to see
them reads the reasons by page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Objects that break one rule, too many for problems of their own. `reasons` are of the worst few; `nodes` are all
    objects where it matters what they depend on, else none."""

    metric: str
    objects: int
    since: datetime | None
    last_sample_at: datetime | None
    reasons: tuple[StoredReason, ...]
    nodes: frozenset[Node] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainFacts:
    """The stored health of a domain. `is_silent` says that nothing of it is heard; `reasons` are all of objects that
    are no part of a crowd."""

    domain: str
    health: str
    since: datetime
    heard_at: datetime | None
    last_health: str = ""
    is_silent: bool = False
    reasons: tuple[StoredReason, ...] = ()
    crowds: tuple[Crowd, ...] = ()

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics of all present reasons, `NO_DATA` for silence."""
        of_crowds = {crowd.metric or NO_DATA for crowd in self.crowds}
        return frozenset({*of_crowds, *(metric_of(reason) for reason in self.reasons)})


@dataclass(frozen=True, slots=True)
class DomainObjects:
    """The problems of a domain's objects and crowds before anything is folded."""

    facts: DomainFacts
    objects: Sequence[PresentProblem]
    crowds: Sequence[PresentProblem]

    def sufferers(self) -> list[Sufferer]:
        nodes_of = dict(zip((crowd.identity for crowd in self.crowds), self.facts.crowds, strict=True))
        several = [sufferer(each, nodes_of[each.identity].nodes) for each in self.crowds]
        single = [sufferer(each, [each.object[:2]]) for each in self.objects if each.object is not None]
        return [each for each in (*single, *several) if each.nodes]

    def roots(self, silence: Identity | None) -> dict[Identity, Identity]:
        """The domain's problem, or the cause of that, for which silent objects have none of their own."""
        if not self.facts.is_silent:
            return {}
        root = silence or Identity(ProblemKind.HEALTH, self.facts.domain)
        every = (*self.objects, *self.crowds)
        return {each.identity: root for each in every if each.state is ProblemState.SILENT}


def domain_objects(facts: DomainFacts) -> DomainObjects:
    return DomainObjects(
        facts,
        [_object_problem(facts.domain, reasons) for reasons in _group_by_object(facts.reasons)],
        [_crowd_problem(facts.domain, crowd) for crowd in facts.crowds],
    )


def domain_problems(
    of_domain: DomainObjects,
    *,
    silence: Identity | None,
    open_keys: Collection[str],
    explained: Mapping[Identity, Identity],
) -> list[PresentProblem]:
    """`silence` is the site's silent source, `open_keys` are the keys of the site's open problems of health, and
    `explained` has the causes of problems that follow from what an object depends on.

    While the whole domain is silent, an object that was well has no problem of its own, unless it had one before: the
    domain's problem stands for it. What was wrong stays, as last known.
    """
    facts = of_domain.facts
    every = [
        replace(each, cause=explained.get(each.identity)) for each in (*of_domain.objects, *of_domain.crowds)
    ]
    if not facts.is_silent:
        return _grouped(facts.domain, every) or _unexplained(facts)
    whole = _silent_domain(facts, silence)
    unheard = [
        replace(each, cause=whole.root)
        for each in every
        if each.state is ProblemState.SILENT and each.object is not None and each.identity.key in open_keys
    ]
    return [
        whole,
        *unheard,
        *_grouped(facts.domain, [each for each in every if each.state is not ProblemState.SILENT]),
    ]


def _group_by_object(reasons: Iterable[StoredReason]) -> Iterable[Sequence[StoredReason]]:
    by_object: dict[tuple[str, int], list[StoredReason]] = defaultdict(list)
    for reason in reasons:
        by_object[reason["object_kind"], reason["object_id"]].append(reason)
    return [sorted(alike, key=_severity) for alike in by_object.values()]


def _severity(reason: StoredReason) -> int:
    return rank_of(state_of(reason), is_last_known=is_last_known(reason))


def state_of(reason: StoredReason) -> ProblemState:
    return STATE_OF_HEALTH.get(reason["health"], ProblemState.SILENT)


def is_last_known(reason: StoredReason) -> bool:
    return bool(reason.get("is_last_known")) and state_of(reason) is not ProblemState.SILENT


def metric_of(reason: StoredReason) -> str:
    return str(reason.get("metric") or NO_DATA)


def _object_problem(domain: str, reasons: Sequence[StoredReason]) -> PresentProblem:
    worst = reasons[0]
    thing = ObjectOfProblem(worst["object_kind"], worst["object_id"], worst["object"])
    metrics = frozenset(map(metric_of, reasons))
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
        # Where something else is known, silence is not what shows it.
        metrics=metrics - {NO_DATA} or metrics,
    )


def _crowd_problem(domain: str, crowd: Crowd) -> PresentProblem:
    worst = crowd.reasons[0]
    metric = metric_of(worst)
    return PresentProblem(
        identity=Identity(ProblemKind.HEALTH, f"{domain}-{metric}"),
        state=state_of(worst),
        subject=domain,
        is_last_known=is_last_known(worst),
        since=crowd.since,
        last_sample_at=crowd.last_sample_at,
        reasons=crowd.reasons,
        objects=crowd.objects,
        metrics=frozenset({metric}),
    )


def _grouped(domain: str, problems: Iterable[PresentProblem]) -> list[PresentProblem]:
    """Objects whose worst reason breaks the same rule follow from one cause, which names them all; those that follow
    from another problem need none."""
    by_rule: dict[str, list[PresentProblem]] = defaultdict(list)
    grouped: list[PresentProblem] = []
    for each in problems:
        if each.object is None or each.cause is not None:
            grouped.append(each)
        else:
            by_rule[metric_of(each.reasons[0])].append(each)
    for metric, alike in by_rule.items():
        if len(alike) == 1:
            grouped += alike
        else:
            cause = _rule_problem(domain, metric, alike)
            grouped += [cause, *(replace(each, cause=cause.identity) for each in alike)]
    return grouped


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
    unheard = [reason for reason in facts.reasons if not reason.get("metric")]
    crowd = next((crowd for crowd in facts.crowds if not crowd.metric), None)
    return PresentProblem(
        identity=Identity(ProblemKind.HEALTH, facts.domain),
        state=ProblemState.SILENT,
        subject=facts.domain,
        cause=silence,
        since=facts.since,
        last_sample_at=facts.heard_at or facts.since,
        detail=f"last {facts.last_health}" if facts.last_health else "",
        reasons=crowd.reasons if crowd is not None else tuple(unheard),
        objects=crowd.objects if crowd is not None else len(unheard),
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
