"""All problems of one site: its sources, health, checks, owners and inventory, folded under their causes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from readiness.loop.problems.core import folding
from readiness.loop.problems.core.folding import Dependencies
from readiness.loop.problems.core.health import DomainFacts, domain_objects, domain_problems
from readiness.loop.problems.core.problem import NO_DATA, PresentProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemFacts:
    """`sources`, `checks` and `others` are problems that rows show as they are. A retired site has none.

    `turns_at` are instants at which the clock alone may change something.
    """

    site_id: int
    is_retired: bool = False
    kw: float = 0.0
    domains: Sequence[DomainFacts] = ()
    sources: Sequence[PresentProblem] = ()
    checks: Sequence[PresentProblem] = ()
    others: Sequence[PresentProblem] = ()
    dependencies: Dependencies = field(default_factory=Dependencies)
    turns_at: Collection[datetime] = field(default_factory=tuple)

    def changes_at(self, now: datetime) -> datetime | None:
        return min((at for at in self.turns_at if at > now), default=None)


def problems_of(facts: ProblemFacts, *, open_keys: Collection[str]) -> list[PresentProblem]:
    """The problems of a site, each with the cause that it folds under. `open_keys` are those of health."""
    if facts.is_retired:
        return []
    mute = [source for source in facts.sources if NO_DATA in source.metrics]
    silence = mute[0].identity if mute else None
    of_domains = [domain_objects(domain) for domain in facts.domains]
    sufferers = [each for of_domain in of_domains for each in of_domain.sufferers()]
    explained = folding.explained(sufferers, mute, facts.dependencies)
    health = [
        problem
        for of_domain in of_domains
        for problem in domain_problems(of_domain, silence=silence, open_keys=open_keys, explained=explained)
    ]
    roots = {
        identity: root for of_domain in of_domains for identity, root in of_domain.roots(silence).items()
    }
    roots |= {problem.identity: problem.root for problem in health}
    causes = [*facts.sources, *(replace(each, cause=roots.get(each.root, each.root)) for each in health)]
    roles = facts.dependencies.roles
    checks = [replace(check, cause=folding.cause_of_check(check, causes, roles)) for check in facts.checks]
    return [*causes, *checks, *facts.others]
