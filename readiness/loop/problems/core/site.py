"""All problems of one site: its sources, health, checks, owners and inventory, folded under their causes."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from readiness.loop.problems.core.health import DomainFacts, domain_problems
from readiness.loop.problems.core.problem import NO_DATA, Identity, PresentProblem


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
    turns_at: Collection[datetime] = field(default_factory=tuple)

    def changes_at(self, now: datetime) -> datetime | None:
        return min((at for at in self.turns_at if at > now), default=None)


def problems_of(facts: ProblemFacts, *, open_keys: Collection[str]) -> list[PresentProblem]:
    """The problems of a site, each with the cause that it folds under. `open_keys` are those of health."""
    if facts.is_retired:
        return []
    silence = next((each.identity for each in facts.sources if NO_DATA in each.metrics), None)
    health = [
        problem
        for domain in facts.domains
        for problem in domain_problems(domain, silence=silence, open_keys=open_keys)
    ]
    causes = [*facts.sources, *health]
    return [*causes, *folded(facts.checks, causes), *facts.others]


def folded(checks: Iterable[PresentProblem], causes: Sequence[PresentProblem]) -> list[PresentProblem]:
    """A check that is computed from the metrics of a cause follows from it; the first such cause counts."""
    by_metric = {metric: cause.root for cause in reversed(causes) for metric in cause.metrics}
    return [replace(check, cause=_cause_of(check, by_metric)) for check in checks]


def _cause_of(check: PresentProblem, by_metric: dict[str, Identity]) -> Identity | None:
    return next((by_metric[metric] for metric in sorted(check.metrics) if metric in by_metric), None)
