"""`GET /api/people/gap/`: growth of capacity against growth of qualified people, and what would close it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from rest_framework.request import Request

from readiness.assessment.scoring.core.gap import CapacityMeasure
from readiness.boards.capability import queries, sentences
from readiness.boards.capability.closing import CapabilityClosing, closing
from readiness.boards.capability.params import BY, MOST_TRAININGS, TRAININGS, CapabilityQuestion, read
from readiness.boards.capability.queries import Ahead, CapabilityHistory, CapabilityRow, CapabilityStanding
from readiness.boards.gap.api import CapabilityFigures, capability_figures
from readiness.organisation.people.core.coverage import CoverDepth
from web import clock
from web.rest.reports import endpoint, parameter
from web.rest.shapes import filled
from web.visibility import sees_names


@dataclass(frozen=True, slots=True, kw_only=True)
class CapabilityGroup(CapabilityFigures):
    key: str
    label: str
    sites: int
    covers: Annotated[Mapping[CoverDepth, int], "Requirements by how many qualified people are assigned."]


@dataclass(frozen=True, slots=True)
class CapabilityAhead:
    ahead: tuple[datetime, ...]
    capacity_ahead: Ahead | None
    qualified_ahead: Ahead | None
    method: str


@dataclass(frozen=True, slots=True)
class CapabilityOverTime:
    instants: tuple[datetime, ...]
    capacity: tuple[float, ...]
    qualified: tuple[int, ...]
    projection: CapabilityAhead | None


@dataclass(frozen=True, slots=True)
class TrainingOfPlan:
    team: str
    skill: str
    vendor: str
    people: int
    names: Annotated[tuple[str, ...] | None, "Null where you may not see them."]
    sites: int
    course: str
    days: float | None
    due_on: date | None
    level: int
    person_ids: Annotated[tuple[int, ...] | None, "Null where you may not see names."]
    course_id: Annotated[int | None, "Null where no course leads there."]
    starts_on: Annotated[date | None, "The date of the course; null where it has none."]
    first_for: Annotated[tuple[str, ...], "Skills that need this one first."]
    is_assigned: Annotated[bool, "They have the course already."]
    why_undated: Annotated[str, "Why there is no date."]


@dataclass(frozen=True, slots=True)
class CapabilityPlan:
    trainings: int
    needed: int
    freed: float
    sites: list[str]
    is_exact: bool
    bound: float
    due_on: Annotated[date | None, "When all that has a date can be done."]
    undated: Annotated[int, "Trainings without a date."]
    lines: list[TrainingOfPlan]
    held: float
    sites_short: int
    beyond_training: list[str]
    sentences: list[str]


@dataclass(frozen=True, slots=True)
class CapabilityAnswer:
    evaluated_at: datetime
    measure: CapacityMeasure
    whole: Annotated[CapabilityGroup | None, "All sites asked about; null without any."]
    groups: list[CapabilityGroup]
    over_time: Annotated[CapabilityOverTime, "Month by month, with what lies ahead."]
    closing: Annotated[
        CapabilityPlan, "The trainings that cover most capacity; names where you may see them."
    ]


@endpoint(
    "inventory.view_site",
    "scoring.view_sitescore",
    "people.view_team",
    parameters=[
        parameter("region", "Slug; every site unless given."),
        parameter("site", "Slug; not beside a region."),
        parameter("by", "Groups.", enum=list(BY), default="region"),
        parameter("measure", "What capacity is counted in.", enum=[each.value for each in CapacityMeasure],
                  default="kw"),
        parameter("trainings", f"Trainings of a plan, {TRAININGS} unless given, {MOST_TRAININGS} at most.", type=int),
    ],
    operation_id="people_gap",
    summary="Growth of capacity against growth of qualified people, and the trainings that would close it",
)  # fmt: skip
def gap(request: Request) -> CapabilityAnswer:
    now = clock.now()
    question = read(request.query_params)
    standing = queries.capability_standing(question, now=now)
    whole = queries.whole(standing)
    return CapabilityAnswer(
        evaluated_at=now,
        measure=question.measure,
        whole=_group(whole) if whole else None,
        groups=[_group(row) for row in queries.rows(standing, question.by)],
        over_time=_capability_history(queries.history(standing, question.measure)),
        closing=_closing(question, standing, names=sees_names(request.user)),
    )


def _group(row: CapabilityRow) -> CapabilityGroup:
    same = {"key": row.key, "label": row.label, "sites": row.sites, "covers": row.covers}
    return capability_figures(CapabilityGroup, row.gap, **same)


def _capability_history(history: CapabilityHistory) -> CapabilityOverTime:
    projection = filled(CapabilityAhead, history) if history.ahead else None
    return filled(CapabilityOverTime, history, projection=projection)


def _closing(question: CapabilityQuestion, standing: CapabilityStanding, *, names: bool) -> CapabilityPlan:
    outcome: CapabilityClosing = closing(question, standing)
    of = question.measure.of
    return CapabilityPlan(
        trainings=question.trainings,
        needed=len(outcome.plan.trainings),
        freed=of(outcome.plan.freed),
        sites=[site.site for site in outcome.plan.covered],
        is_exact=outcome.plan.is_exact,
        bound=outcome.plan.bound,
        due_on=outcome.due_on,
        undated=outcome.undated,
        lines=[
            filled(
                TrainingOfPlan,
                line,
                names=line.names if names else None,
                person_ids=line.person_ids if names else None,
            )
            for line in outcome.lines
        ],
        held=of(outcome.held_capacity),
        sites_short=len(outcome.short),
        beyond_training=[site.site for site in outcome.beyond],
        sentences=sentences.closing(outcome),
    )
