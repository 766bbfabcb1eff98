"""Alerts from stored problems, which are followed by their positions."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import Max, QuerySet

from inventory.models import DomainChoices
from readiness.assessment.framework import queries as framework_queries
from readiness.loop.alerts.core.kinds import AlertKind, AlertSeverity
from readiness.loop.alerts.core.present import PresentAlert
from readiness.loop.alerts.core.severity import Stake, weighed
from readiness.loop.alerts.models import Alert, EndedBy
from readiness.loop.alerts.raising.stakes import stakes_of
from readiness.loop.alerts.raising.writing import write
from readiness.loop.problems import sentences
from readiness.loop.problems.core.health import metric_of
from readiness.loop.problems.core.problem import Identity
from readiness.loop.problems.core.states import ProblemEnd, ProblemKind, ProblemState
from readiness.loop.problems.models import Problem
from web import following

READ_AT_ONCE = 5_000
PAGE = "/problems/"
"""The worker, which would load every page of Muster to look for it, knows this address by itself."""
KINDS: Mapping[str, AlertKind] = {
    ProblemKind.HEALTH.value: AlertKind.HEALTH,
    ProblemKind.SOURCE.value: AlertKind.SOURCE,
    ProblemKind.CHECK.value: AlertKind.CHECK,
    ProblemKind.MUSTER.value: AlertKind.MUSTER,
}
"""The problems that somebody is told of at once. The others wait for their dates, or on the list of problems."""
SEVERITIES: Mapping[str, AlertSeverity] = {
    ProblemState.CRITICAL.value: AlertSeverity.CRITICAL,
    ProblemState.SILENT.value: AlertSeverity.ERROR,
    ProblemState.FAILING.value: AlertSeverity.ERROR,
}
"""States that raise an alert. An open one follows its problem through all others as a warning."""
GROWING = (ProblemState.SILENT, ProblemState.LATE)
"""States whose value is how long they last, which the beginning says."""
_ENDS: Mapping[str, EndedBy] = {
    ProblemEnd.RULE.value: EndedBy.RULE,
    ProblemEnd.PERSON.value: EndedBy.PERSON,
    ProblemEnd.OBJECT_GONE.value: EndedBy.OBJECT_GONE,
    ProblemEnd.REGROUPED.value: EndedBy.REGROUPED,
}
"""Every other end is by evidence; silence ends no problem."""


def first_position() -> int:
    return Problem.objects.aggregate(last=Max("position"))["last"] or 0


def raise_open(*, now: datetime) -> None:
    """Raise the problems that are open as alerting begins."""
    last_pk = 0
    while problems := list(_alerting().filter(pk__gt=last_pk, ended_at=None).order_by("pk")[:READ_AT_ONCE]):
        _write(problems, now=now)
        last_pk = problems[-1].pk


def read_on(position: int, *, now: datetime) -> int:
    """Write the alerts of the problems after a position; returns the position up to which they were read. A fixed
    number of statements for READ_AT_ONCE problems."""
    rows = Problem.objects.select_related("site")
    problems = following.rows_after(rows, position, most=READ_AT_ONCE)
    if not problems:
        return position
    _write([problem for problem in problems if problem.kind in KINDS], now=now)
    return problems[-1].position or position


def _alerting() -> QuerySet[Problem]:
    return Problem.objects.select_related("site").filter(kind__in=KINDS)


def _write(problems: Sequence[Problem], *, now: datetime) -> None:
    endings = {
        problem.pk: _ENDS.get(problem.ended_by, EndedBy.EVIDENCE) for problem in problems if problem.ended_at
    }
    open_problems = [problem for problem in problems if problem.ended_at is None]
    alerts = Alert.objects.open().filter(problem__in=endings).values_list("key", "problem_id")
    ended_keys = {key: endings[problem_id] for key, problem_id in alerts if problem_id is not None}
    write(present_of(open_problems, now=now), endings=ended_keys, now=now)


def present_of(problems: Sequence[Problem], *, now: datetime) -> list[PresentAlert]:
    """Read what the alerts of open problems say. Three statements."""
    roots = _roots_of(problems)
    stakes = stakes_of({problem.site_id for problem in problems if problem.site_id}, now=now)
    return [
        _present_alert(problem, roots.get((problem.site_id, problem.cause), problem), stakes, now=now)
        for problem in problems
    ]


def _roots_of(problems: Sequence[Problem]) -> dict[tuple[int | None, Identity], Problem]:
    """The causes of those that follow from another problem; one statement."""
    sites = {problem.site_id for problem in problems if not problem.is_cause}
    causes = Problem.objects.open().causes().filter(site__in=sites, follow__gt=0) if sites else []
    return {(cause.site_id, cause.identity): cause for cause in causes}


def _present_alert(
    problem: Problem, root: Problem, stakes: Mapping[int, Stake], *, now: datetime
) -> PresentAlert:
    site = problem.site
    stake = stakes.get(problem.site_id or 0, Stake())
    severity = SEVERITIES.get(problem.state, AlertSeverity.WARNING)
    is_own = problem.kind == ProblemKind.MUSTER
    return PresentAlert(
        key=key_of(problem.site_id, problem.identity),
        kind=KINDS[problem.kind],
        group=group_of(root, site.region_id if site is not None else None),
        severity=severity if is_own else weighed(severity, stake),
        title=problem.title,
        detail=problem.detail,
        value="" if problem.state in GROWING else sentences.value_of(problem, now=now),
        limit=sentences.limit_of(problem),
        url=f"{PAGE}?problem={problem.pk}",
        site_id=problem.site_id,
        domain=_domain_of(problem),
        check_id=problem.check_id,
        object=problem.object,
        problem_id=problem.pk,
        kw=stake.kw,
        workloads=stake.workloads,
        began_at=problem.since or problem.first_seen_at,
        cause_key="" if problem.is_cause else key_of(problem.site_id, problem.cause),
        is_raised=is_own or problem.state in SEVERITIES,
    )


def _domain_of(problem: Problem) -> str:
    """The domain that answers for it; empty where that may be several, so that silencing one holds nothing back."""
    if problem.kind == ProblemKind.HEALTH:
        return problem.subject
    _version, framework = framework_queries.current()
    check = framework.checks_by_id.get(problem.check_id)
    domains = [str(domain) for domain in check.domains] if check is not None else []
    return domains[0] if len(domains) == 1 and domains[0] in DomainChoices.values else ""


def key_of(site_id: int | None, identity: Identity) -> str:
    return f"problem:{site_id or ''}:{identity.kind}:{identity.key}"


def group_of(root: Problem, region_id: int | None) -> str:
    """The group of an alert: one for the silent sources of a region, and one for each rule and each check there."""
    match root.kind:
        case ProblemKind.HEALTH:
            what = f"{root.subject}:{metric_of(root.reasons[0]) if root.reasons else ''}"
        case ProblemKind.SOURCE:
            what = ""
        case _:
            what = root.subject
    return f"problem:{region_id or ''}:{root.kind}:{what}"
