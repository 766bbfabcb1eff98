"""Details of one problem: a chart, the affected checks, what to do, and what happened before."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Check, Framework
from readiness.assessment.scoring.models import Flip
from readiness.assessment.scoring.queries.rows import SampleQuery, flip_row
from readiness.boards.checks.samples import sample_query
from readiness.boards.health.sentences import FlipLine, code_of_reason
from readiness.boards.problems.queries import followers
from readiness.boards.problems.rows import ProblemRow
from readiness.loop.problems.core.problem import NO_DATA
from readiness.loop.problems.core.states import ProblemKind
from readiness.loop.problems.models import ProblemQuerySet
from telemetry.core.codes import Code
from telemetry.core.matching import OBJECT_COLUMNS
from web.links import link

CHARTED = {"start": "now-6h", "end": "now"}
MOST_FLIPS = 5


@dataclass(frozen=True, slots=True)
class ProblemDetail:
    """`touches` are the checks that fail with it; `code` is the code that the object reported, with its action."""

    chart: SampleQuery | None
    chart_url: str
    touches: tuple[ProblemRow, ...]
    code: Code | None
    check: Check | None
    flips: tuple[FlipLine, ...]


def detail_of(problem: ProblemRow, listed: ProblemQuerySet, *, user: Any, now: datetime) -> ProblemDetail:
    _version, framework = framework_queries.current()
    chart = _chart(problem) if user.has_perm("telemetry.view_series") else None
    reason = problem.reasons[0] if problem.reasons else None
    return ProblemDetail(
        chart=chart,
        chart_url=link("explore-chart", **chart.params) if chart else "",
        touches=tuple(each for each in followers(listed, problem, now=now) if each.kind is ProblemKind.CHECK),
        code=code_of_reason(reason) if reason else None,
        check=framework.checks_by_id.get(problem.check_id),
        flips=_flips(problem, framework, now),
    )


def _chart(problem: ProblemRow) -> SampleQuery | None:
    """Chart the object's own series if one object is affected, else the metric over the whole site."""
    metric = next(iter(sorted(problem.metrics - {NO_DATA})), "")
    if not metric or problem.site is None:
        return None
    query = sample_query(problem.site.slug, metric)
    params = query.params | CHARTED
    if (
        problem.objects_affected == 1
        and problem.reasons
        and (column := OBJECT_COLUMNS.get(problem.reasons[0].object_kind))
    ):
        params |= {column: str(problem.reasons[0].object_id)}
    return SampleQuery(query.label, query.unit, metric, params)


def _flips(problem: ProblemRow, framework: Framework, now: datetime) -> tuple[FlipLine, ...]:
    subject = "check" if problem.check_id else "health"
    if problem.kind not in (ProblemKind.CHECK, ProblemKind.HEALTH) or problem.site is None:
        return ()
    flips = Flip.objects.filter(site=problem.site.id, subject=subject, key=problem.subject, at__lte=now)
    return tuple(FlipLine(*flip_row(flip, framework)) for flip in flips.select_related("site")[:MOST_FLIPS])
