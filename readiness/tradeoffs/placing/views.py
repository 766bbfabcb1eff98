"""The trade-off explorer at /tradeoffs/, its two charts, and the options as a file. The address has all of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import orjson
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from readiness.tradeoffs.core.parsing import BadTradeoffQuestion
from readiness.tradeoffs.placing import charts, rows, sentences
from readiness.tradeoffs.placing.answer import PlacementAnswer
from readiness.tradeoffs.placing.comparison import comparison
from readiness.tradeoffs.placing.controls import controls
from readiness.tradeoffs.placing.params import PlacementView, question_of_address, view_of_address
from readiness.tradeoffs.placing.queries import (
    MAY_PLACE,
    bases,
    chosen_class,
    classes,
    placement_answer,
)
from readiness.tradeoffs.queries import region_names
from web import answers
from web.clock import now
from web.permissions import require

may_see = require(*MAY_PLACE)
TEMPLATE = "tradeoffs/explorer.html"


@may_see
@never_cache
@require_GET
def explorer(request: HttpRequest) -> HttpResponse:
    workloads = classes()
    envelope = chosen_class(workloads, request.GET.get("workload", ""))
    context: dict[str, Any] = {
        "workloads": workloads,
        "may_declare": request.user.has_perm("workloads.add_workloadclass"),
        "breadcrumbs": [{"label": "Trade-offs", "url": ""}],
    }
    if envelope is None:
        status = 404 if workloads and request.GET.get("workload") else 200
        return render(request, TEMPLATE, context, status=status)
    query, error = request.GET, None
    try:
        view = view_of_address(query)
        answer = placement_answer(envelope, question_of_address(query), now=now())
    except BadTradeoffQuestion as refused:
        error, query, view = refused, QueryDict(urlencode({"workload": envelope.slug})), PlacementView()
        answer = placement_answer(envelope, question_of_address(query), now=now())
    context |= {"error": error, "workload": envelope, **_context(answer, view, query)}
    response = answers.page(request, TEMPLATE, context)
    response.status_code = 400 if error else 200
    return response


@may_see
@never_cache
@require_GET
def scatter(request: HttpRequest) -> HttpResponse:
    answer, view = _of_address(request.GET)
    return answers.chart(charts.scatter(answer, view.x, view.y, view.ranges))


@may_see
@never_cache
@require_GET
def parallel(request: HttpRequest) -> HttpResponse:
    answer, view = _of_address(request.GET)
    return answers.chart(charts.parallel(answer, view.ranges))


@may_see
@never_cache
@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    answer, view = _of_address(request.GET)
    columns, table = rows.csv_rows(answer, answer.within(view.ranges))
    return answers.csv_file(f"placement-{answer.envelope.slug}", columns, table)


def _of_address(query: QueryDict) -> tuple[PlacementAnswer, PlacementView]:
    envelope = chosen_class(classes(), query.get("workload", ""))
    if envelope is None:
        raise BadRequest("workload: no workload class is called that")
    try:
        view = view_of_address(query)
        return placement_answer(envelope, question_of_address(query), now=now()), view
    except BadTradeoffQuestion as error:
        raise BadRequest(str(error)) from error


def _context(answer: PlacementAnswer, view: PlacementView, given: QueryDict) -> dict[str, Any]:
    shown, heads, slug = answer.within(view.ranges), rows.heads(answer), answer.envelope.slug
    # The page may have chosen the class itself.
    query = given.urlencode() if given.get("workload") else urlencode({"workload": slug})
    return {
        "answer": answer,
        "view": view,
        "controls": controls(answer, given, regions=region_names(), bases=bases()),
        "heads": heads,
        "rows": [rows.row(answer, option) for option in shown[: rows.MOST_ROWS]],
        "blank": rows.blank(answer),
        "shown": len(shown),
        "all": len(answer.options),
        "feasible": len(answer.feasible),
        "best": rows.best(answer),
        "unscored": sentences.unscored(answer),
        "confidence": rows.confidence(answer),
        "kept_out": rows.kept_out(answer),
        "out": len(answer.kept_out),
        "loosen": sentences.to_loosen(answer),
        "comparison": comparison(answer, view.compare),
        "served": rows.served(answer),
        "objectives": [(objective.name, rows.LABELS[objective.name]) for objective in answer.objectives],
        "ranges": [_range(head, view) for head in heads],
        "scatter_title": f"{rows.LABELS[view.x]} and {str(rows.LABELS[view.y]).lower()} of every option",
        "scatter_url": f"{reverse('placement-scatter')}?{query}",
        "parallel_url": f"{reverse('placement-parallel')}?{query}",
        "csv_url": f"{reverse('placement-csv')}?{query}",
        "api_body": orjson.dumps(answer.question.body(slug), option=orjson.OPT_INDENT_2).decode(),
        "query": query,
    }


def _range(head: dict[str, Any], view: PlacementView) -> dict[str, Any]:
    low, high = ("" if end is None else f"{end:g}" for end in view.ranges.get(head["name"], (None, None)))
    return head | {"low": low, "high": high}
