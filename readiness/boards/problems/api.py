"""`GET /api/readiness/problems/`: the list of the page, for programs, and what changed since a position."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from inventory.models import DomainChoices
from readiness.boards.problems import tables
from readiness.boards.problems.objects import reasons_address
from readiness.boards.problems.rows import MAY_SEE, ProblemRow, problem_rows
from readiness.loop.problems import queries
from readiness.loop.problems.core.states import ProblemKind, ProblemState
from readiness.loop.problems.models import KINDS, ProblemQuerySet
from web import clock, following
from web.rest.pagination import MAX_LIMIT, limit_of, number_of, offset_of
from web.rest.reports import endpoint, parameter
from web.rest.shapes import filled
from web.tables.filtering import narrowed

ENDED = ("false", "true", "all")


@dataclass(frozen=True, slots=True)
class AffectedObject:
    kind: str
    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedProblem:
    id: Annotated[str, "Names kind, site and key; a problem that comes again has the same one."]
    number: Annotated[int, "Of this row; `/problems/?problem=` with it names this one for ever."]
    cause: Annotated[str, "Id of the problem that causes it; its own id if it has no cause."]
    state: ProblemState
    is_last_known: Annotated[bool, "Silent since: the state is the last one that was known."]
    kind: ProblemKind
    subject: Annotated[str, "The domain, check, queue, part of Muster, or the id of the source or device."]
    title: str
    detail: str
    site: Annotated[str, "Empty for a problem of Muster itself, or of a source that serves many sites."]
    region: str
    objects: Annotated[list[AffectedObject], "The worst few of them."]
    objects_affected: int
    objects_url: Annotated[str, "The reasons of all of them, by page; empty for what is not about objects."]
    since: datetime | None
    first_seen_at: datetime
    last_seen_at: Annotated[datetime, "To the hour while nothing changes."]
    ended_at: datetime | None
    ended_by: Annotated[str, "How it ended; empty while it is open."]
    position: Annotated[int | None, "For `after`; null for some seconds after a change."]
    value: str
    limit: str
    kw: Annotated[float, "Deployed at the site; 0 for a problem that follows from another."]
    workloads: int
    owner: str
    url: str


@dataclass(frozen=True, slots=True)
class ListedTotal:
    state: ProblemState
    causes: int
    kw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemsAnswer:
    evaluated_at: datetime
    as_of: Annotated[
        datetime | None, "Set while Muster itself lags: changes since then are not in the list yet."
    ]
    count: Annotated[int | None, "Null with `after`."]
    totals: Annotated[list[ListedTotal], "Causes by state, each site’s kW once; empty with `after`."]
    results: list[ListedProblem]
    next_after: Annotated[int | None, "With `after`: the position to go on from."]


@endpoint(
    *MAY_SEE,
    operation_id="readiness_problems_list",
    parameters=[
        parameter("state", "Worst first.", many=True, enum=[value for value, _word in tables.STATES]),
        parameter("kind", "Kind of problem.", many=True, enum=[value for value, _word in KINDS]),
        parameter("domain", "Of problems of health.", many=True, enum=DomainChoices.values),
        parameter("site", "Slug.", many=True),
        parameter("region", "Slug.", many=True),
        parameter("owner", "Team, or `none`.", many=True),
        parameter(
            "ended", "Open problems (false, unless you follow), ended ones (true), or all.", enum=list(ENDED)
        ),
        parameter(
            "after",
            "Follow: problems that changed after this position, at first 0, in the order of changes, also ended ones.",
            type=int,
        ),
        parameter("limit", f"Rows a page, at most {MAX_LIMIT}.", type=int),
        parameter("offset", "Rows to skip.", type=int),
    ],
    summary="All that is wrong now, worst first; what follows from a cause stands after it.",
)
def listed(request: Request) -> ProblemsAnswer:
    at = clock.now()
    limit, after = limit_of(request), number_of(request, "after")
    every = _asked_for(request, queries.problems(now=at).order_by(*queries.IN_ORDER))
    rows = cast(ProblemQuerySet, narrowed(tables.ProblemFilters, every, request.query_params))
    totals = queries.totals(rows) if after is None else None
    start = offset_of(request)
    page = (
        list(rows[start : start + limit]) if after is None else following.rows_after(rows, after, most=limit)
    )
    results = [_listed_problem(row) for row in problem_rows(page, now=at)]
    return ProblemsAnswer(
        evaluated_at=at,
        as_of=queries.lagging_since(now=at),
        count=totals.causes + totals.following if totals else None,
        totals=[ListedTotal(each.state, each.causes, each.kw) for each in totals.by_state] if totals else [],
        results=results,
        next_after=results[-1].position if after is not None and results else after,
    )


def _asked_for(request: Request, problems: ProblemQuerySet) -> ProblemQuerySet:
    """Whoever follows reads ends too, unless they ask for one kind."""
    ended = request.query_params.get("ended", "all" if "after" in request.query_params else "false")
    if ended not in ENDED:
        raise ValidationError({"ended": [f"Choose one of {', '.join(ENDED)}."]})
    return problems if ended == "all" else problems.filter(ended_at__isnull=ended == "false")


def _listed_problem(row: ProblemRow) -> ListedProblem:
    return filled(
        ListedProblem,
        row,
        site=row.site.slug if row.site is not None else "",
        objects_url=reasons_address(row),
        objects=[AffectedObject(each.object_kind, each.object_id, each.object) for each in row.reasons],
        kw=row.stake_kw,
        owner=row.owner,
        url=row.url,
    )
