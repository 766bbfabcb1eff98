"""A problem, and how problems fold: consequences appear under their cause, and capacity counts once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from readiness.assessment.scoring.queries.rows import HealthReason, SiteRef
from web.links import link
from web.units import Formatted, power


class ProblemState(StrEnum):
    """States of a problem, worst first."""

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
    INVENTORY = "inventory"


RANK = {state: place for place, state in enumerate(ProblemState)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem at one site.

    `subject` is the domain, the source's or device's id, the check or the queue. `kw` is the site's deployed capacity,
    `workloads` the number of classes placed there, `region` a slug. `metrics` are the metrics that show the problem.
    `cause` is the id of the problem that causes it, or its own id.
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
        """The problem that determines the place of this one in the list."""
        return self.head or self

    @property
    def rank(self) -> tuple[int, float, str, str, str]:
        return (RANK[self.state], -self.kw, self.site.name, self.title, self.id)

    @property
    def where(self) -> str:
        """The affected object, the first of several with their number, or else the source's detail, the domain, or
        "site"."""
        if not self.reasons:
            return {ProblemKind.SOURCE: self.detail, ProblemKind.HEALTH: self.subject}.get(self.kind, "site")
        more = f" and {self.objects - 1} more" if self.objects > 1 else ""
        return f"{self.reasons[0].object}{more}"

    @property
    def headline(self) -> str:
        """The title with the site's name, unless the title already begins with it."""
        return self.title if self.title.startswith(self.site.name) else f"{self.site.name}: {self.title}"

    @property
    def stake(self) -> Formatted:
        return power(self.kw, "kW")

    @property
    def url(self) -> str:
        """The page on which the problem is handled."""
        match self.kind:
            case ProblemKind.CHECK:
                return link("site-check", self.site.slug, self.subject)
            case ProblemKind.SOURCE:
                return link("source", self.subject)
            case ProblemKind.OWNERSHIP:
                return link("ownership-queues", queue=self.subject)
            case ProblemKind.INVENTORY:
                return link("drifts", device_id=self.subject, pressing="true")
        return link("site", self.site.slug, tab=self.subject)


@dataclass(frozen=True, slots=True)
class ProblemTotal:
    """The number of causes in a state, and the capacity of their sites, each site counted once."""

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
    """Causes worst first, then by capacity at stake, each followed by its consequences."""
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
    """A check of the same site that is computed from the cause's metrics becomes a consequence of that cause."""
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
