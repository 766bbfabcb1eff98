"""`GET /api/readiness/problems/`: the list of the page, for programs."""

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers as fields
from rest_framework.request import Request

from inventory.models import DomainChoices
from readiness.assessment.scoring.queries.standing import standing
from readiness.boards.problems import tables
from readiness.boards.problems.queries import problems
from readiness.boards.problems.rows import Problem, totals
from readiness.boards.problems.views import MAY_SEE
from web import clock
from web.rest.pagination import MAX_LIMIT, limit_of, offset_of
from web.rest.reports import endpoint, parameter
from web.tables.addresses import Address
from web.tables.filtering import narrowed_rows

_problem = inline_serializer(
    "Problem",
    {
        "id": fields.CharField(),
        "cause": fields.CharField(
            help_text="Id of the problem that causes it; its own id if it has no cause."
        ),
        "state": fields.CharField(),
        "kind": fields.CharField(),
        "subject": fields.CharField(help_text="The domain, check, queue, or the id of the source or device."),
        "title": fields.CharField(),
        "detail": fields.CharField(allow_blank=True),
        "site": fields.CharField(),
        "region": fields.CharField(),
        "objects": fields.ListField(child=fields.DictField(), help_text="Kind, id and name of each."),
        "since": fields.DateTimeField(allow_null=True),
        "value": fields.CharField(allow_blank=True),
        "limit": fields.CharField(allow_blank=True),
        "kw": fields.FloatField(help_text="Deployed at the site; 0 for a problem that follows from another."),
        "workloads": fields.IntegerField(),
        "owner": fields.CharField(allow_blank=True),
        "url": fields.CharField(),
    },
    many=True,
)
_answer = inline_serializer(
    "Problems",
    {
        "evaluated_at": fields.DateTimeField(),
        "count": fields.IntegerField(),
        "totals": fields.ListField(
            child=fields.DictField(), help_text="Causes by state, each site’s kW once."
        ),
        "results": _problem,
    },
)


@endpoint(
    *MAY_SEE,
    answer=_answer,
    operation_id="readiness_problems_list",
    parameters=[
        parameter("state", "Worst first.", many=True, enum=[value for value, _word in tables.STATES]),
        parameter("kind", "Kind of problem.", many=True, enum=[value for value, _word in tables.KINDS]),
        parameter("domain", "Of problems of health.", many=True, enum=DomainChoices.values),
        parameter("site", "Slug.", many=True),
        parameter("region", "Slug.", many=True),
        parameter("owner", "Team, or `none`.", many=True),
        parameter("limit", f"Rows a page, at most {MAX_LIMIT}.", type=int),
        parameter("offset", "Rows to skip.", type=int),
    ],
    summary="All that is wrong now, worst first; what follows from a cause stands after it.",
)
def listed(request: Request) -> dict[str, Any]:
    at = clock.now()
    every = problems(standing(now=at))
    narrowing = tables.filters(every)
    address = Address(request, path=request.path, filters=[each.name for each in narrowing])  # type: ignore[arg-type]
    kept = narrowed_rows(narrowing, every, address)
    start = offset_of(request)
    return {
        "evaluated_at": at,
        "count": len(kept),
        "totals": [{"state": each.state, "causes": each.causes, "kw": each.kw} for each in totals(kept)],
        "results": [_row(each) for each in kept[start : start + limit_of(request)]],
    }


def _row(problem: Problem) -> dict[str, Any]:
    same = (
        "id",
        "cause",
        "state",
        "kind",
        "subject",
        "title",
        "detail",
        "since",
        "value",
        "limit",
        "workloads",
    )
    objects = [
        {"kind": each.object_kind, "id": each.object_id, "name": each.object} for each in problem.reasons
    ]
    return {name: getattr(problem, name) for name in same} | {
        "site": problem.site.slug,
        "region": problem.region,
        "objects": objects,
        "kw": problem.kw if problem.is_cause else 0.0,
        "owner": problem.site.owner,
        "url": problem.url,
    }
