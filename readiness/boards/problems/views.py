"""`/problems/`: the list of all that is wrong now, and one of them beside it."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Count
from django.http import HttpRequest

from readiness.boards.alerts.carriers import SEES_ALERTS, mine, not_taken
from readiness.boards.problems import queries, tables
from readiness.boards.problems.carrying import carried
from readiness.boards.problems.charts import failing_chart
from readiness.boards.problems.detail import SEES_SERIES, SPAN, ProblemDetail, detail_of
from readiness.boards.problems.failing import failing_metric, span_of
from readiness.boards.problems.judged import judged_lines
from readiness.boards.problems.nearby import nearby
from readiness.boards.problems.objects import problem_of
from readiness.boards.problems.rows import MAY_SEE, PROBLEM, ProblemRow, problem_rows
from readiness.loop.problems import queries as stored
from readiness.loop.problems.core.states import ProblemState
from readiness.loop.problems.models import Problem, ProblemQuerySet
from telemetry.core.spec import SpecError
from web import tables as table_kit
from web.charts import Figure, nothing
from web.clock import now
from web.reports import Report, choices
from web.tables import TablePage
from web.tables.addresses import SEARCH, Address

GROUP = "group"
DO = "do"
OPENS = {"a": "alert-acknowledge", "g": "alert-assign", "s": "alert-silence", "c": "alert-comment"}
"""The id of the dialog that opens with a problem, by the key that the reader pressed on its row."""
PROBLEMS = Report("readiness/problems/page.html", *MAY_SEE)
FIGURE = Report("readiness/problems/page.html", *MAY_SEE, SEES_SERIES)


@PROBLEMS.page
def page(request: HttpRequest) -> tuple[TablePage, Any]:
    at = now()
    listed = stored.open_problems(now=at)
    address = Address(request, path=request.path, filters=list(tables.ProblemFilters.base_filters))
    group = address.one(GROUP) if address.one(GROUP) in dict(queries.GROUPS) else queries.CAUSE
    opened_problem = problem_of(address.one(PROBLEM), at=at) if address.one(PROBLEM) else None
    rows = listed if _shows_all(address, group) else queries.folded(listed, opened_problem)
    rows, group_by = queries.grouped(rows, group)
    table = tables.problems_table(
        group=group,
        group_by=group_by,
        sums=queries.sums_of_groups(listed, group) if group_by else {},
        url=lambda each: address.url(problem=each.id),
        is_narrow=opened_problem is not None,
    )

    def context() -> dict[str, Any]:
        totals = stored.totals(listed)
        return {
            "totals": [(each, address.anew(state=each.state)) for each in totals.by_state],
            "worst": next((each for each in totals.by_state if each.state is ProblemState.CRITICAL), None),
            "causes": totals.causes,
            "carried": _carried_chips(listed, address, request.user),
            "opens": OPENS.get(address.one(DO), ""),
            "following": totals.following,
            "as_of": stored.lagging_since(now=at),
            "groups": choices(queries.GROUPS, group, lambda name: address.anew(group=name)),
            "chosen": opened_problem,
            "is_missing": opened_problem is None and address.one(PROBLEM) != "",
            "detail": opened_problem and _detail(opened_problem, listed, address, request.user, at),
            "close_url": address.url(without=[PROBLEM, SPAN]),
        }

    prepare = partial(_prepared, sees_alerts=request.user.has_perm(SEES_ALERTS), at=at)
    return table_kit.page(request, table, rows, prepare=prepare), context


def _detail(
    problem: ProblemRow, listed: ProblemQuerySet, address: Address, user: Any, at: datetime
) -> ProblemDetail:
    span, back = address.one(SPAN), address.url()
    return detail_of(
        problem, listed, span=span, url=lambda name: address.url(span=name), back=back, user=user, now=at
    )


def _carried_chips(listed: ProblemQuerySet, address: Address, user: Any) -> list[tuple[str, int, str]]:
    """Problems that nobody has taken, and those of the reader, with their number; one statement."""
    if not user.has_perm(SEES_ALERTS):
        return []
    numbers = listed.order_by().aggregate(
        nobody=Count("pk", filter=not_taken()), mine=Count("pk", filter=mine(user))
    )
    return [(label, numbers[name], address.anew(carrier=name)) for name, label in tables.CARRIERS]


def _prepared(page: Iterable[Problem], *, sees_alerts: bool, at: datetime) -> list[ProblemRow]:
    rows = problem_rows(page, now=at)
    return carried(rows) if sees_alerts else rows


@FIGURE.chart
def figure_chart(request: HttpRequest) -> Figure:
    at = now()
    problem = problem_of(request.GET.get(PROBLEM, ""), at=at)
    failing = failing_metric(problem) if problem else None
    if problem is None or failing is None:
        return nothing("No metric shows this problem.")
    span = span_of(problem, request.GET.get(SPAN, ""), now=at)
    try:
        lines = judged_lines(failing, span, now=at)
    except SpecError as error:
        return nothing(f"{failing.title} cannot be drawn: {error.reason}.")
    near = nearby(problem, user=request.user, now=at)
    return failing_chart(lines, failing, span, problem, near)


def _shows_all(address: Address, group: str) -> bool:
    """A search also lists consequences under their cause; so does a file."""
    return bool(group != queries.CAUSE or address.applied or address.one(SEARCH) or "export" in address.data)
