"""Problems in words: the same on pages, in files and in the API."""

from collections.abc import Sequence
from datetime import UTC, datetime

from inventory.models import DomainChoices
from readiness.assessment.scoring.queries.rows import ReasonRow, reason_of_stored
from readiness.loop.problems.core.problem import PresentProblem, StoredReason
from readiness.loop.problems.core.states import ProblemKind, ProblemState
from readiness.loop.problems.models import Problem
from readiness.organisation.ownership.gaps import OwnershipQueue
from readiness.organisation.people.queries.duty import RotationBreaches
from telemetry import sentences as telemetry
from telemetry.core.registry import registry
from telemetry.models import Source, SourceState
from web.units import duration, format_value, how_many, instant, plural

LACKING = {
    OwnershipQueue.UNANSWERED: ("The owner of 1 item cannot answer", "The owners of {} items cannot answer"),
    OwnershipQueue.AWAY: (
        "The owner of 1 item is away and nobody stands in",
        "The owners of {} items are away and nobody stands in",
    ),
    OwnershipQueue.OVERDUE: ("1 item was not confirmed in time", "{} items were not confirmed in time"),
}
SILENT_AFTER = {SourceState.LATE: 1, SourceState.SILENT: 3}
"""Multiples of cadence plus grace after which a source is late or silent, as in telemetry.sources."""


def lacking(queue: OwnershipQueue, count: int) -> str:
    return plural(count, *LACKING[queue]).format(count)


def duty_title(breaches: RotationBreaches) -> str:
    who = how_many(breaches.people, "person", "people")
    if breaches.kind == "week":
        return f"{breaches.rotation}: {who} with too many hours a week"
    return f"{breaches.rotation}: {who} with too little rest"


def duty_detail(breaches: RotationBreaches) -> str:
    if breaches.kind == "week":
        return "on average, in the last 7 or next 14 days"
    return f"from {instant(breaches.since, UTC)}" if breaches.since is not None else ""


def duty_value(breaches: RotationBreaches) -> str:
    """The highest average to the hour, as it moves a little every minute, or the least rest."""
    if breaches.kind == "week":
        return f"{format_value(round(breaches.hours), 'h')} a week"
    return f"{format_value(round(breaches.hours, 1), 'h')} of rest"


def limit_of_source(source: Source) -> str:
    limit_s = SILENT_AFTER[SourceState(source.status.state)] * (source.cadence_s + source.grace_s)
    return f"limit {duration(limit_s)}"


def title_of(problem: PresentProblem) -> str:
    """The title of a problem of health; the others have their own."""
    if problem.title:
        return problem.title
    label = str(DomainChoices(problem.subject).label)
    if problem.is_of_domain:
        is_silent = problem.state is ProblemState.SILENT
        return f"No data about {label.lower()}" if is_silent else f"{label} is {problem.state}"
    return _title_of_rule(problem.reasons)


def _title_of_rule(reasons: Sequence[StoredReason]) -> str:
    """Leave the exporter or sensor out of the title if it differs between several objects."""
    worst = reasons[0]
    metric = registry().get(worst.get("metric", ""), None)
    titles = {reason["title"] for reason in reasons if reason.get("metric") == worst.get("metric")}
    return metric.title if metric is not None and metric.parts and len(titles) > 1 else str(worst["title"])


def detail_of(problem: PresentProblem) -> str:
    return problem.detail or (how_many(problem.objects, "object", "objects") if problem.is_of_several else "")


def reasons_of(problem: Problem) -> tuple[ReasonRow, ...]:
    return tuple(map(reason_of_stored, problem.reasons))


def value_of(problem: Problem, *, now: datetime) -> str:
    """The value in words; of what is silent, for how long."""
    if problem.state in (ProblemState.SILENT, ProblemState.LATE):
        return silent_for(problem.last_sample_at, now)
    if problem.kind != ProblemKind.HEALTH or not problem.reasons:
        return problem.value
    worst = reason_of_stored(problem.reasons[0])
    return telemetry.reading(worst.metric, worst.value, worst.unit, taken_at=worst.taken_at)


def limit_of(problem: Problem) -> str:
    if problem.kind != ProblemKind.HEALTH or problem.state == ProblemState.SILENT or not problem.reasons:
        return problem.limit
    worst = problem.reasons[0]
    threshold = worst.get("threshold")
    return "" if threshold is None else f"limit {format_value(threshold, worst.get('unit', ''))}"


def silent_for(last_at: datetime | None, now: datetime) -> str:
    return f"{duration((now - last_at).total_seconds())} silent" if last_at else "never sent"
