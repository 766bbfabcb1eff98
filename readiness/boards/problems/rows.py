"""A problem, and how problems fold: what follows from a cause stands under it, and its capacity counts once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from readiness.scoring.queries.rows import HealthReason, SiteRef
from web.links import link
from web.units import Formatted, power


class ProblemState(StrEnum):
    """Worst first."""

    CRITICAL = "critical"
    SILENT = "silent"
    FAILING = "failing"
    WARN = "warn"
    LATE = "late"
    MISSING = "missing"


class ProblemKind(StrEnum):
    HEALTH = "health"
    SOURCE = "source"
    CHECK = "check"
    OWNERSHIP = "ownership"


RANK = {state: place for place, state in enumerate(ProblemState)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`subject` is the domain, the source's id, the check or the queue. `kw` is what its site has deployed, `workloads`
    how many classes are placed there, `region` is its slug. `metrics` are those that tell of it.

    `cause` is the id of the problem that it follows from, its own where it follows from none.
    """

    id: str
    cause: str
    state: ProblemState
    kind: ProblemKind
    subject: str
    title: str
    detail: str
    site: SiteRef
    region: str
    kw: float
    workloads: int
    since: datetime | None
    value: str = ""
    limit: str = ""
    reasons: tuple[HealthReason, ...] = ()
    objects: int = 0
    metrics: frozenset[str] = frozenset()
    check_id: str = ""
    follow: int = 0
    head: "Problem | None" = None

    look = "problem"
    clock = ""

    @property
    def is_cause(self) -> bool:
        return self.cause == self.id

    @property
    def leading(self) -> "Problem":
        """The problem that this one is sorted with."""
        return self.head or self

    @property
    def rank(self) -> tuple[int, float, str, str, str]:
        return (RANK[self.state], -self.kw, self.site.name, self.title, self.id)

    @property
    def where(self) -> str:
        """The object, the first of several, or what it is of the site."""
        if not self.reasons:
            return {ProblemKind.SOURCE: self.detail, ProblemKind.HEALTH: self.subject}.get(self.kind, "site")
        more = f" and {self.objects - 1} more" if self.objects > 1 else ""
        return f"{self.reasons[0].object}{more}"

    @property
    def headline(self) -> str:
        """The title with the site's name, which some titles begin with."""
        return self.title if self.title.startswith(self.site.name) else f"{self.site.name}: {self.title}"

    @property
    def stake(self) -> Formatted:
        return power(self.kw, "kW")

    @property
    def url(self) -> str:
        """Where it is dealt with."""
        match self.kind:
            case ProblemKind.CHECK:
                return link("site-check", self.site.slug, self.subject)
            case ProblemKind.SOURCE:
                return link("source", self.subject)
            case ProblemKind.OWNERSHIP:
                return link("ownership-queues", queue=self.subject)
        return link("site", self.site.slug, tab=self.subject)


@dataclass(frozen=True, slots=True)
class ProblemTotal:
    """Causes in a state, and the capacity of their sites, each counted once."""

    state: ProblemState
    causes: int
    kw: float


def totals(problems: Iterable[Problem]) -> list[ProblemTotal]:
    causes: dict[ProblemState, list[Problem]] = defaultdict(list)
    for problem in problems:
        if problem.is_cause:
            causes[problem.state].append(problem)
    return [
        ProblemTotal(state, len(causes[state]), kw_once(causes[state]))
        for state in ProblemState
        if state in causes
    ]


def kw_once(problems: Iterable[Problem]) -> float:
    return sum({problem.site.id: problem.kw for problem in problems}.values())


def in_order(problems: Collection[Problem]) -> list[Problem]:
    """Causes, worst first and by the capacity at stake, each before what follows from it."""
    following: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        if not problem.is_cause:
            following[problem.cause].append(problem)
    ordered: list[Problem] = []
    for cause in sorted((each for each in problems if each.is_cause), key=lambda each: each.rank):
        under = sorted(following[cause.id], key=lambda each: each.rank)
        head = replace(cause, follow=len(under))
        ordered += [head, *(replace(each, head=head) for each in under)]
    return ordered


def folded(checks: Iterable[Problem], causes: Sequence[Problem]) -> list[Problem]:
    """Checks at the site of a cause that are computed from what the cause is about follow from it."""
    by_metric = {
        (cause.site.id, metric): cause.cause for cause in reversed(causes) for metric in cause.metrics
    }
    return [
        replace(check, cause=cause) if (cause := _cause_of(check, by_metric)) else check for check in checks
    ]


def _cause_of(check: Problem, by_metric: dict[tuple[int, str], str]) -> str:
    return next(
        (by_metric[key] for m in sorted(check.metrics) if (key := (check.site.id, m)) in by_metric), ""
    )
