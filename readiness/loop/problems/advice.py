"""Advice for a problem: the site's procedure, the action that a code asks for, that of the rule or the check."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db.models import Q

from readiness.assessment.framework.core.definition import Check, Framework
from readiness.assessment.scoring.queries.rows import ReasonRow
from readiness.loop.problems.core.states import ProblemKind
from readiness.organisation.people.models import AlertRule, Procedure
from readiness.organisation.people.queries.standing import reviewed
from telemetry.core.codes import Code, code_of
from telemetry.core.metric import HealthRule
from telemetry.core.registry import registry
from web.links import page_url

SEES_PROCEDURES = "people.view_procedure"
MOST_STEPS = 6


class AdvisedProblem(Protocol):
    """A stored problem, or a row of a page."""

    @property
    def kind(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def detail(self) -> str: ...
    @property
    def site_id(self) -> int | None: ...
    @property
    def check_id(self) -> str: ...
    @property
    def metrics(self) -> Collection[str]: ...


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
    problem: AdvisedProblem,
    reason: ReasonRow | None,
    framework: Framework,
    touched: Iterable[str],
    *,
    user: Any,
    now: datetime,
) -> Advice:
    """`reason` is the worst of a problem of health, `touched` are the checks that fail with it."""
    rule = rule_of(reason) if reason else None
    check_ids = {*touched, *_resting_on(problem, framework)} | ({problem.check_id} - {""})
    may_see = user.has_perm(SEES_PROCEDURES)
    return Advice(
        procedure=_procedure(problem, check_ids, now) if may_see else None,
        code=code_of_reason(reason) if reason else None,
        action=rule.action if rule else _own_action(problem),
        check=framework.checks_by_id.get(problem.check_id),
    )


def code_of_reason(reason: ReasonRow) -> Code | None:
    return code_of(registry().get(reason.metric, None), reason.value)


def rule_of(reason: ReasonRow) -> HealthRule | None:
    """The rule of the registry that the reason broke."""
    definition = registry().get(reason.metric, None)
    if definition is None:
        return None
    alike = [
        rule
        for rule in definition.health
        if rule.measure == reason.measure and rule.direction == reason.direction
    ]
    with_its_limit = (rule for rule in alike if reason.threshold in (*rule.warn, *rule.critical))
    return next(with_its_limit, alike[0] if alike else None)


def _own_action(problem: AdvisedProblem) -> str:
    """Problems of Muster, of the intake and of measurements say themselves what to do."""
    saying = (ProblemKind.MUSTER, ProblemKind.INTAKE, ProblemKind.MEASUREMENT)
    return problem.detail if problem.kind in saying else ""


def _resting_on(problem: AdvisedProblem, framework: Framework) -> set[str]:
    """The checks that are computed from the metrics of the problem."""
    return {
        check.id
        for check in framework.checks
        for part in check.parts
        if not set(part.metrics).isdisjoint(problem.metrics)
    }


def _procedure(problem: AdvisedProblem, check_ids: Collection[str], now: datetime) -> SiteProcedure | None:
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
