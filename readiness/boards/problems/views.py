"""`/problems/`: the list of all that is wrong now, and one of them beside it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from readiness.assessment.scoring.queries.standing import standing
from readiness.boards.problems import tables
from readiness.boards.problems.detail import ProblemDetail, detail_of
from readiness.boards.problems.queries import problems
from readiness.boards.problems.rows import Problem, ProblemState, ProblemTotal, totals
from web import tables as table_kit
from web.clock import now
from web.reports import Report, choices
from web.tables import TablePage
from web.tables.addresses import SEARCH, Address

GROUP, PROBLEM = "group", "problem"
MAY_SEE = ("inventory.view_site", "scoring.view_sitescore")
PROBLEMS = Report("readiness/problems/page.html", *MAY_SEE)


@PROBLEMS.page
def page(request: HttpRequest) -> tuple[TablePage, Any]:
    at = now()
    listed = problems(standing(now=at))
    address = Address(request, path=request.path, filters=[each.name for each in tables.filters(())])
    group = address.one(GROUP) if address.one(GROUP) in dict(tables.GROUPS) else tables.CAUSE
    chosen = next((each for each in listed if each.id == address.one(PROBLEM)), None)
    shown = listed if _shows_all(address, group) else _folded(listed, chosen)
    table = tables.problems_table(shown, group=group, url=lambda each: address.url(problem=each.id))

    def context() -> dict[str, Any]:
        counted = totals(listed)
        return {
            "totals": [(each, address.anew(state=each.state)) for each in counted],
            "worst": _worst(counted),
            "causes": sum(each.causes for each in counted),
            "following": sum(not each.is_cause for each in listed),
            "groups": choices(tables.GROUPS, group, lambda name: address.anew(group=name)),
            "chosen": chosen,
            "detail": _detail(request, listed, chosen, at),
            "close_url": address.url(without=[PROBLEM]),
        }

    return table_kit.page(request, table, shown), context


def _shows_all(address: Address, group: str) -> bool:
    """A search also lists consequences under their cause; so does a file."""
    return bool(group != tables.CAUSE or address.applied or address.one(SEARCH) or "export" in address.data)


def _folded(listed: Sequence[Problem], chosen: Problem | None) -> list[Problem]:
    return [each for each in listed if each.is_cause or (chosen and each.cause == chosen.cause)]


def _worst(counted: Sequence[ProblemTotal]) -> ProblemTotal | None:
    return next((each for each in counted if each.state is ProblemState.CRITICAL), None)


def _detail(
    request: HttpRequest, listed: Sequence[Problem], chosen: Problem | None, at: datetime
) -> ProblemDetail | None:
    if chosen is None:
        return None
    following = [each for each in listed if each.cause == chosen.id and each is not chosen]
    return detail_of(chosen, following, user=request.user, now=at)
