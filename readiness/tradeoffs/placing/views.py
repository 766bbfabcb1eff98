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
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from readiness.tradeoffs.placing import charts, document, sentences
from readiness.tradeoffs.placing import controls as panel
from readiness.tradeoffs.placing import rows as lines
from readiness.tradeoffs.placing.asking import MAY_PLACE, Look, from_address, look_of
from readiness.tradeoffs.placing.choices import bases, chosen_class, classes, regions
from readiness.tradeoffs.placing.comparison import comparison
from readiness.tradeoffs.placing.params import BadTradeoffQuestion
from readiness.tradeoffs.placing.queries import placement_answer
from readiness.tradeoffs.placing.weighing import PlacementAnswer
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
        "breadcrumbs": [{"label": gettext("Trade-offs"), "url": ""}],
    }
    if envelope is None:
        status = 404 if workloads and request.GET.get("workload") else 200
        return render(request, TEMPLATE, context, status=status)
    given, error = request.GET, None
    try:
        look, found = look_of(given), placement_answer(envelope, from_address(given), now=now())
    except BadTradeoffQuestion as refused:
        error, given = refused, QueryDict(urlencode({"workload": envelope.slug}))
        look, found = Look(), placement_answer(envelope, from_address(given), now=now())
    context |= {"error": error, "workload": envelope, **_context(found, look, given)}
    response = answers.page(request, TEMPLATE, context)
    response.status_code = 400 if error else 200
    return response


@may_see
@never_cache
@require_GET
def scatter(request: HttpRequest) -> HttpResponse:
    look, found = _asked(request)
    return answers.chart(charts.scatter(found, look.x, look.y, look.ranges))


@may_see
@never_cache
@require_GET
def parallel(request: HttpRequest) -> HttpResponse:
    look, found = _asked(request)
    return answers.chart(charts.parallel(found, look.ranges))


@may_see
@never_cache
@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    look, found = _asked(request)
    columns, rows = lines.csv_rows(found, lines.kept(found, look.ranges))
    return answers.csv_file(f"placement-{found.envelope.slug}", columns, rows)


def _asked(request: HttpRequest) -> tuple[Look, PlacementAnswer]:
    envelope = chosen_class(classes(), request.GET.get("workload", ""))
    if envelope is None:
        raise BadRequest(gettext("workload: no workload class is called that"))
    try:
        return look_of(request.GET), placement_answer(envelope, from_address(request.GET), now=now())
    except BadTradeoffQuestion as error:
        raise BadRequest(str(error)) from error


def _context(found: PlacementAnswer, look: Look, given: QueryDict) -> dict[str, Any]:
    shown = lines.kept(found, look.ranges)
    # The page may have chosen the class itself.
    query = given.urlencode() if given.get("workload") else urlencode({"workload": found.envelope.slug})
    body = orjson.dumps(
        document.body(found.envelope.slug, found.question), option=orjson.OPT_INDENT_2
    ).decode()
    return {
        "found": found,
        "look": look,
        "panel": panel.panel(found, given, regions=regions(), bases=bases()),
        "heads": lines.heads(found),
        "rows": [lines.row(found, one) for one in shown[: lines.MOST_ROWS]],
        "blank": lines.blank(found),
        "shown": len(shown),
        "all": len(found.options),
        "feasible": len(found.feasible),
        "best": lines.best(found),
        "unscored": sentences.unscored(found),
        "why": lines.why(found),
        "kept_out": lines.kept_out(found),
        "out": len(found.options) - len(found.feasible),
        "loosen": sentences.to_loosen(found),
        "comparison": comparison(found, look.compare),
        "candidates": sorted((one.name, one.slug) for one in found.options),
        "served": lines.served(found),
        "objectives": [(one.name, lines.LABELS[one.name]) for one in found.objectives],
        "ranges": [
            {"name": head["name"], "label": head["label"], "unit": head["unit"],
             "low": _plain(look.ranges.get(head["name"], (None, None))[0]),
             "high": _plain(look.ranges.get(head["name"], (None, None))[1])}
            for head in lines.heads(found)
        ],
        "scatter_title": gettext("%(x)s and %(y)s of every option")
        % {"x": lines.LABELS[look.x], "y": str(lines.LABELS[look.y]).lower()},
        "scatter_url": f"{reverse('placement-scatter')}?{query}",
        "parallel_url": f"{reverse('placement-parallel')}?{query}",
        "csv_url": f"{reverse('placement-csv')}?{query}",
        "api_body": body,
        "query": query,
    }  # fmt: skip


def _plain(end: float | None) -> str:
    return "" if end is None else f"{end:g}"
