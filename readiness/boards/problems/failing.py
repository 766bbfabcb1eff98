"""The metric that shows a problem: that of its worst reason, or the series that decided its check."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.queries.rows import ReasonRow
from readiness.boards.checks.samples import sample_query
from readiness.boards.problems.rows import ProblemRow
from readiness.loop.problems.core.states import ProblemKind
from telemetry.core.matching import OBJECT_COLUMNS
from telemetry.core.registry import registry
from telemetry.models import Series

SPANS = {"6h": timedelta(hours=6), "24h": timedelta(hours=24), "7d": timedelta(days=7)}
AFTER_THE_END = 6
"""A solved problem is shown with a sixth of the span after its end."""


@dataclass(frozen=True, slots=True)
class FailingMetric:
    """`params` name its series for the explorer. Of a problem of health it has the `reason`, of a check the `limit`."""

    title: str
    metric: str
    params: dict[str, str]
    reason: ReasonRow | None = None
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class ChartSpan:
    name: str
    start: datetime
    end: datetime


def failing_metric(problem: ProblemRow) -> FailingMetric | None:
    """The metric of one object: where several break the same rule, of the worst of them."""
    if problem.kind is ProblemKind.CHECK:
        return _metric_of_check(problem)
    reason = problem.reasons[0] if problem.reasons else None
    if reason is None or not reason.metric or problem.site is None:
        return None
    params = {"site": problem.site.slug, "metric": reason.metric}
    if column := OBJECT_COLUMNS.get(reason.object_kind):
        params |= {column: str(reason.object_id)}
    return FailingMetric(_title(reason), reason.metric, params, reason)


def _title(reason: ReasonRow) -> str:
    """The title of the metric, not of the problem, with the part that the reason is about."""
    definition = registry().get(reason.metric, None)
    if definition is None:
        return reason.title
    return f"{definition.title} ({reason.part})" if reason.part else definition.title


def _metric_of_check(problem: ProblemRow) -> FailingMetric | None:
    """The series that decided the check, if a single one did."""
    if problem.site is None:
        return None
    stored = CheckResult.objects.filter(site=problem.site.id, check_id=problem.check_id)
    result = stored.only("evidence", "unit", "threshold").first()
    kind, _colon, number = result.evidence.get("ref", "").partition(":") if result else ("", "", "")
    if result is None or kind != "series" or not number.isdecimal():
        return None
    series = Series.objects.filter(pk=int(number)).first()
    if series is None:
        return None
    query = sample_query(problem.site.slug, series.metric, series=series)
    limit = result.threshold if result.unit == query.unit else None
    return FailingMetric(query.label, query.metric, query.params, limit=limit)


def span_of(problem: ProblemRow, name: str, *, now: datetime) -> ChartSpan:
    """The span with this name, else the shortest that shows the beginning; of old problems a day."""
    if name not in SPANS:
        age = (problem.ended_at or now) - (problem.since or problem.first_seen_at)
        name = next((each for each, length in SPANS.items() if age <= 0.8 * length), "24h")
    length = SPANS[name]
    end = min(now, problem.ended_at + length / AFTER_THE_END) if problem.ended_at else now
    return ChartSpan(name, end - length, end)
