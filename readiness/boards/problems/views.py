"""`/problems/`: the list of all that is wrong now, and one of them beside it."""

from typing import Any

from django.http import HttpRequest

from readiness.boards.problems import queries, tables
from readiness.boards.problems.charts import failing_chart
from readiness.boards.problems.detail import SEES_SERIES, SPAN, detail_of
from readiness.boards.problems.failing import failing_metric, span_of
from readiness.boards.problems.judged import judged_lines
from readiness.boards.problems.nearby import nearby
from readiness.boards.problems.objects import problem_of
from readiness.boards.problems.rows import MAY_SEE, PROBLEM, problem_rows
from readiness.loop.problems import queries as stored
from readiness.loop.problems.core.states import ProblemState
from telemetry.core.spec import SpecError
from web import tables as table_kit
from web.charts import Figure, nothing
from web.clock import now
from web.reports import Report, choices
from web.tables import TablePage
from web.tables.addresses import SEARCH, Address

GROUP = "group"
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
            "following": totals.following,
            "as_of": stored.lagging_since(now=at),
            "groups": choices(queries.GROUPS, group, lambda name: address.anew(group=name)),
            "chosen": opened_problem,
            "is_missing": opened_problem is None and address.one(PROBLEM) != "",
            "detail": opened_problem
            and detail_of(
                opened_problem,
                listed,
                span=address.one(SPAN),
                url=lambda name: address.url(span=name),
                user=request.user,
                now=at,
            ),
            "close_url": address.url(without=[PROBLEM, SPAN]),
        }

    return table_kit.page(request, table, rows, prepare=lambda page: problem_rows(page, now=at)), context


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
