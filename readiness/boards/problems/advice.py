"""Advice for a problem: the site's procedure, the action that a code asks for, that of the rule or the check."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from readiness.assessment.framework.core.definition import Check, Framework
from readiness.boards.health.sentences import code_of_reason
from readiness.boards.problems.failing import FailingMetric, rule_of
from readiness.boards.problems.rows import ProblemRow
from readiness.loop.problems.core.states import ProblemKind
from readiness.organisation.people.models import AlertRule, Procedure
from readiness.organisation.people.queries.standing import reviewed
from telemetry.core.codes import Code
from web.links import page_url

SEES_PROCEDURES = "people.view_procedure"
MOST_STEPS = 6


@dataclass(frozen=True, slots=True)
class SiteProcedure:
    """`steps` are its first check points."""

    procedure: Procedure
    url: str
    steps: tuple[str, ...]
    more_steps: int
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class Advice:
    procedure: SiteProcedure | None
    code: Code | None
    action: str
    check: Check | None

    @property
    def is_empty(self) -> bool:
        return not (self.procedure or self.code or self.action or self.check)


def advice_for(
    problem: ProblemRow,
    failing: FailingMetric | None,
    framework: Framework,
    touched: Iterable[str],
    *,
    user: Any,
    now: datetime,
) -> Advice:
    """`touched` are the checks that fail with it."""
    rule = rule_of(failing) if failing else None
    check_ids = {*touched, *_resting_on(problem, framework)} | ({problem.check_id} - {""})
    may_see = user.has_perm(SEES_PROCEDURES)
    return Advice(
        procedure=_procedure(problem, check_ids, now) if may_see else None,
        code=code_of_reason(failing.reason) if failing and failing.reason else None,
        action=rule.action if rule else _own_action(problem),
        check=framework.checks_by_id.get(problem.check_id),
    )


def _own_action(problem: ProblemRow) -> str:
    """Problems of Muster and of the intake say themselves what to do."""
    return problem.detail if problem.kind in (ProblemKind.MUSTER, ProblemKind.INTAKE) else ""


def _resting_on(problem: ProblemRow, framework: Framework) -> set[str]:
    """The checks that are computed from the metrics of the problem."""
    return {
        check.id
        for check in framework.checks
        for part in check.parts
        if not problem.metrics.isdisjoint(part.metrics)
    }


def _procedure(problem: ProblemRow, check_ids: Collection[str], now: datetime) -> SiteProcedure | None:
    """The runbook of the alert rule that has the title of the problem, else a procedure for one of the checks; the
    site's own comes before one for all sites. One statement, or two."""
    of_site = Q(site=problem.site_id) | Q(site=None)
    rules = AlertRule.objects.filter(of_site, name__iexact=problem.title, runbook__isnull=False)
    serves = (
        Q(alert_rules__in=rules) | Q(checks__overlap=sorted(check_ids))
        if check_ids
        else Q(alert_rules__in=rules)
    )
    procedures = (
        reviewed(now=now)
        .filter(of_site, serves)
        .exclude(kind__in=Procedure.DOCUMENTS)
        .order_by("site", "title", "pk")
    )
    procedure = procedures.first()
    if procedure is None:
        return None
    steps = [line.strip() for line in procedure.check_points.splitlines() if line.strip()]
    return SiteProcedure(
        procedure,
        page_url(procedure) or "",
        tuple(steps[:MOST_STEPS]),
        max(len(steps) - MOST_STEPS, 0),
        procedure.is_overdue,  # type: ignore[attr-defined]
    )
