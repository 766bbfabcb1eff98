"""Dependencies: an object that lost what it needs follows from the problem of that, and so does a check.

A device needs power (all feeds of its rack, each of which needs its power distribution), an accelerator and a port need
their device, a port also the device at the other end, a link both of its ports, and what is heard of an object needs a
source. Only signs of such a loss are explained: silence, "down", and a power supply that fails. A fault of its own,
such as a hot accelerator behind a dead feed, stays a cause.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from readiness.loop.problems.core.problem import Identity, PresentProblem, StoredReason
from readiness.loop.problems.core.states import ProblemState

type Node = tuple[str, int]
"""An object as telemetry names it, or ("source", id)."""

LEEWAY = timedelta(minutes=10)
"""A consequence may be seen before its cause: by cadence, and by the minimum durations of rules."""


class Loss(StrEnum):
    SILENT = "silent"
    DOWN = "down"
    SUPPLY = "supply"


class NeedKind(StrEnum):
    POWER = "power"
    WHOLE = "whole"
    PATH = "path"
    DATA = "data"


EXPLAINS: Mapping[NeedKind, frozenset[Loss]] = {
    NeedKind.POWER: frozenset(Loss),
    NeedKind.WHOLE: frozenset({Loss.SILENT, Loss.DOWN}),
    NeedKind.PATH: frozenset({Loss.SILENT, Loss.DOWN}),
    NeedKind.DATA: frozenset({Loss.SILENT}),
}
DOWN = frozenset(
    {
        "up",
        "probe_success",
        "ifOperStatus",
        "node_network_up",
        "node_network_carrier",
        "node_infiniband_state_id",
        "node_infiniband_physical_state_id",
        "ipmi_up",
        "idrac_network_port_link_up",
        "ipmi_chassis_power_state",
        "idrac_system_power_on",
    }
)
"""Metrics whose rules say that an object is down or does not answer."""
SUPPLY = frozenset({"ipmi_power_state", "idrac_power_supply_health"})
"""Metrics whose rules say that a power supply of a device fails: one dead feed of two is enough."""
KINDS_OF_CHECK: Mapping[str, frozenset[str]] = {
    "p2-power-headroom": frozenset({"feed", "pdu"}),
    "p2-backup-power": frozenset({"ups"}),
    "p2-cooling-headroom": frozenset({"cooling-unit"}),
}
"""Checks of what a site is supplied with, and the objects, or roles of devices, that supply it."""


class Need(NamedTuple):
    """It is lost once all of `of` are, since they stand in for each other."""

    kind: NeedKind
    of: frozenset[Node]


@dataclass(frozen=True, slots=True)
class Dependencies:
    """`suppliers` are feeds and devices of power distribution: any critical problem of theirs may cut power. `roles`
    are those of devices that have problems."""

    needs: Mapping[Node, Sequence[Need]] = field(default_factory=dict)
    suppliers: frozenset[Node] = frozenset()
    roles: Mapping[Node, str] = field(default_factory=dict)


class Sufferer(NamedTuple):
    """A problem of one object, or of several: `nodes` are all of them."""

    identity: Identity
    nodes: frozenset[Node]
    losses: frozenset[Loss]
    since: datetime | None
    is_severe: bool


def loss_of(reason: StoredReason) -> Loss | None:
    """The loss that a reason is a sign of; None for a fault of the object's own."""
    metric = reason.get("metric", "")
    if not metric:
        return Loss.SILENT
    return Loss.DOWN if metric in DOWN else Loss.SUPPLY if metric in SUPPLY else None


def sufferer(problem: PresentProblem, nodes: Iterable[Node]) -> Sufferer:
    losses = [loss_of(reason) for reason in problem.reasons]
    return Sufferer(
        problem.identity,
        frozenset(nodes),
        frozenset() if None in losses else frozenset(filter(None, losses)),
        problem.since,
        problem.state in (ProblemState.CRITICAL, ProblemState.SILENT),
    )


def explained(
    sufferers: Sequence[Sufferer], sources: Sequence[PresentProblem], dependencies: Dependencies
) -> dict[Identity, Identity]:
    """The problems that follow from another one, each with the one at the beginning of the chain.

    A problem of several objects follows only if all of them do, from the same one.
    """
    losses = _Losses(sufferers, sources, dependencies)
    above = {
        each.identity: upper.identity for each in sufferers if (upper := losses.upper_of(each)) is not None
    }
    return {identity: root for identity in above if (root := _root(identity, above)) != identity}


def _root(identity: Identity, above: Mapping[Identity, Identity]) -> Identity:
    """The beginning of a chain; of a ring, the least of its members."""
    chain = [identity]
    while (upper := above.get(chain[-1])) is not None:
        if upper in chain:
            return min(chain[chain.index(upper) :])
        chain.append(upper)
    return chain[-1]


class _Losses:
    """Which objects are lost, by their own problems or by what they need."""

    def __init__(
        self,
        sufferers: Sequence[Sufferer],
        sources: Sequence[PresentProblem],
        dependencies: Dependencies,
    ) -> None:
        self.needs = dependencies.needs
        self.lost: dict[Node, Sufferer] = {}
        for source in sources:
            node = "source", int(source.subject)
            self.lost[node] = Sufferer(source.identity, frozenset({node}), frozenset(), source.since, True)
        for each in sorted(sufferers):
            for node in each.nodes:
                if each.losses or (each.is_severe and node in dependencies.suppliers):
                    self.lost.setdefault(node, each)

    def upper_of(self, problem: Sufferer) -> Sufferer | None:
        uppers = {self._upper_of_node(node, problem) for node in problem.nodes}
        return uppers.pop() if len(uppers) == 1 else None

    def _upper_of_node(self, node: Node, problem: Sufferer) -> Sufferer | None:
        for need in self.needs.get(node, ()) if problem.losses else ():
            if problem.losses <= EXPLAINS[need.kind]:
                upper = self._loss_of_need(need, frozenset({node}), is_enough=problem.losses == {Loss.SUPPLY})
                if upper is not None and upper.identity != problem.identity and _began_before(upper, problem):
                    return upper
        return None

    def _loss_of_need(self, need: Need, seen: frozenset[Node], *, is_enough: bool) -> Sufferer | None:
        """The problem by which it is lost. With `is_enough`, one of several that stand in for each other suffices."""
        uppers = [self._loss_of_node(node, seen) for node in sorted(need.of)]
        lost = [upper for upper in uppers if upper is not None]
        return lost[0] if lost and (is_enough or len(lost) == len(uppers)) else None

    def _loss_of_node(self, node: Node, seen: frozenset[Node]) -> Sufferer | None:
        if node in seen:
            return None
        if node in self.lost:
            return self.lost[node]
        # Without a problem of its own it is lost with what it needs: a feed with its power distribution.
        for need in self.needs.get(node, ()):
            upper = self._loss_of_need(need, seen | {node}, is_enough=False)
            if need.kind is not NeedKind.DATA and upper is not None:
                return upper
        return None


def _began_before(upper: Sufferer, problem: Sufferer) -> bool:
    if upper.since is None or problem.since is None:
        return True
    return problem.since >= upper.since - LEEWAY


def cause_of_check(
    check: PresentProblem, causes: Sequence[PresentProblem], roles: Mapping[Node, str]
) -> Identity | None:
    """The cause that shows in the metrics that decided the check; else the worst one, at least as bad as the check,
    that shows in the object that decided it, or that is about what supplies the site with what it measures."""
    for cause in causes:
        if not check.metrics.isdisjoint(cause.metrics):
            return cause.root
    severe = sorted((cause for cause in causes if cause.rank <= check.rank), key=lambda cause: cause.rank)
    for cause in severe:
        if not check.metrics_of_object.isdisjoint(cause.metrics):
            return cause.root
    kinds = KINDS_OF_CHECK.get(check.check_id, frozenset())
    return next((cause.root for cause in severe if not kinds.isdisjoint(_kinds_of(cause, roles))), None)


def _kinds_of(cause: PresentProblem, roles: Mapping[Node, str]) -> set[str]:
    nodes = [(reason["object_kind"], reason["object_id"]) for reason in cause.reasons]
    return {roles.get(node, node[0]) for node in nodes}
