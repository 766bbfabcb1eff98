"""The story of one problem: its metric over time, what it affects, who answers, what to do, and what happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.models import HealthReason
from readiness.assessment.scoring.queries.rows import SiteRef
from readiness.boards.alerts.handling import ProblemAlert, alert_of_problem
from readiness.boards.problems.failing import SPANS, ChartSpan, FailingMetric, failing_metric, span_of
from readiness.boards.problems.history import PastEvent, history_of
from readiness.boards.problems.nearby import Nearby, nearby
from readiness.boards.problems.rows import PROBLEM, ProblemRow, problem_rows
from readiness.demand.workloads.models import CRITICALITIES, Placement, WorkloadClass
from readiness.loop.problems import responders
from readiness.loop.problems.advice import Advice, advice_for
from readiness.loop.problems.core.states import ProblemKind
from readiness.loop.problems.models import ProblemQuerySet
from readiness.loop.problems.responders import DomainDuty, ItemOwner
from telemetry.links import explore_url
from web.links import link, page_url
from web.reports import choices

SEES_SERIES = "telemetry.view_series"
SEES_WORKLOADS = "workloads.view_workloadclass"
SPAN = "span"
MOST_CHECKS = 5
MOST_WORKLOADS = 3
MOST_REASONS = 6
MOST_OBJECTS = 8


@dataclass(frozen=True, slots=True)
class FailingChart:
    """`views` choose the span."""

    title: str
    object: str
    url: str
    explore_url: str
    views: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class AffectedWorkload:
    name: str
    criticality: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemDetail:
    """`touches` are the checks that fail with it, `others` what else is wrong with its object. None is what the reader
    may not see."""

    chart: FailingChart | None
    sees_chart: bool
    touches: Sequence[ProblemRow]
    workloads: Sequence[AffectedWorkload] | None
    more_workloads: int
    duties: Sequence[DomainDuty]
    sees_duties: bool
    owner: ItemOwner | None
    advice: Advice
    others: Sequence[HealthReason]
    nearby: Nearby | None
    history: Sequence[PastEvent]
    alert: ProblemAlert | None

    @property
    def more_touched(self) -> int:
        return max(len(self.touches) - MOST_CHECKS, 0)


def detail_of(
    problem: ProblemRow, listed: ProblemQuerySet, *, span: str, url: Any, back: str, user: Any, now: datetime
) -> ProblemDetail:
    """`url` gives the address of the page with another span, `back` is the present one."""
    site = problem.site
    _version, framework = framework_queries.current()
    failing = failing_metric(problem)
    touches = _touched(problem, listed, now) if problem.ended_at is None else []
    check = framework.checks_by_id.get(problem.check_id)
    domains = responders.domains_of(problem, check)
    sees_chart = user.has_perm(SEES_SERIES)
    sees_duties = user.has_perm(responders.SEES_ON_CALL)
    sees_owners = user.has_perm(responders.SEES_OWNERS)
    return ProblemDetail(
        chart=_chart(problem, failing, span_of(problem, span, now=now), url)
        if failing and sees_chart
        else None,
        sees_chart=sees_chart,
        touches=touches,
        workloads=_workloads(site, now) if site and user.has_perm(SEES_WORKLOADS) else None,
        more_workloads=max(problem.workloads - MOST_WORKLOADS, 0),
        duties=responders.duties_at_site(site.id, domains, now=now)
        if site and domains and sees_duties
        else (),
        sees_duties=sees_duties,
        owner=responders.owner_of(site, domains, user=user, now=now) if site and sees_owners else None,
        advice=advice_for(
            problem,
            failing.reason if failing else None,
            framework,
            [each.check_id for each in touches],
            user=user,
            now=now,
        ),
        others=_others(problem),
        nearby=nearby(problem, user=user, now=now) if site and problem.since else None,
        history=history_of(problem, framework, now=now),
        alert=alert_of_problem(problem.number, user=user, back=back, now=now),
    )


def _touched(problem: ProblemRow, listed: ProblemQuerySet, now: datetime) -> Sequence[ProblemRow]:
    cause = problem.cause_identity
    checks = listed.filter(
        site=problem.site_id, cause_kind=cause.kind, cause_key=cause.key, kind=ProblemKind.CHECK
    )
    return problem_rows(checks.exclude(is_cause=True).exclude(pk=problem.number), now=now)


def _chart(problem: ProblemRow, failing: FailingMetric, span: ChartSpan, url: Any) -> FailingChart:
    several = problem.objects_affected > 1 and failing.reason is not None
    times = {"start": f"now-{span.name}", "end": "now"}
    if problem.ended_at is not None:
        times = {"start": span.start.isoformat(), "end": span.end.isoformat()}
    params = {name: value for name, value in failing.params.items() if name not in times}
    drawn = {
        name: link("problem-figure-chart", "json", **{PROBLEM: problem.id, SPAN: name}) for name in SPANS
    }
    words = [(name, f"{name[:-1]} {name[-1]}") for name in SPANS]
    return FailingChart(
        title=failing.title,
        object=failing.reason.object if several and failing.reason else "",
        url=drawn[span.name],
        explore_url=explore_url(params | times),
        views=[
            view | {"chart_url": drawn[name]}
            for name, view in zip(SPANS, choices(words, span.name, url), strict=True)
        ],
    )


def _workloads(site: SiteRef, now: datetime) -> Sequence[AffectedWorkload]:
    """The classes that are placed at its site, those first that may fail least."""
    placed = Placement.objects.holding_on(now.date()).filter(site=site.id)
    classes = WorkloadClass.objects.filter(placements__in=placed).distinct()
    order = list(CRITICALITIES)
    rows = sorted(classes, key=lambda each: (order.index(each.criticality), each.name))
    return [
        AffectedWorkload(each.name, each.get_criticality_display(), page_url(each) or "")
        for each in rows[:MOST_WORKLOADS]
    ]


def _others(problem: ProblemRow) -> Sequence[HealthReason]:
    """Other reasons of its object, or of the worst of several objects; the worst first."""
    worst = problem.reasons[0] if problem.reasons else None
    if worst is None or not worst.object_id or problem.ended_at is not None:
        return ()
    reasons = HealthReason.objects.filter(
        site=problem.site_id, object_kind=worst.object_kind, object_id=worst.object_id
    )
    same = {
        "metric": worst.metric,
        "part": worst.part,
        "measure": worst.measure,
        "direction": worst.direction,
    }
    return list(reasons.exclude(**same).order_by("rank", "pk")[: MOST_REASONS + 1])
