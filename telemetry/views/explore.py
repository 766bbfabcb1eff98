"""The explorer: one query about series, its lines, and the same as a table, a file and an API call."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import conditional_page, require_GET

from inventory.models import Site
from telemetry import charts, explore, links, sentences, tables
from telemetry.core.spec import Aggregation, SpecError
from telemetry.params import PARAMETERS, POINTS, admitted_query
from web import answers
from web import tables as table_kit
from web.clock import now
from web.permissions import require

DEFAULT_RANGE = "now-6h"
# Steps for the widest chart: more would not be visible, and the answer stays small.
MOST_POINTS = 600
# Parameters that the form, its charts, files and API calls share.
ASKED = tuple(name for name in PARAMETERS if name not in ("points", "start", "end"))

may_see = require("telemetry.view_series")


@may_see
@conditional_page
@require_GET
def page(request: HttpRequest) -> HttpResponseBase:
    at = now()
    span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
    explored, error = _explore(request.GET, at) if request.GET.get("metric") else (None, None)
    context: dict[str, Any] = {
        "time_range": span.context,
        "form": _form(request.GET, explored, error, at),
        "answer": explored,
        "error": error,
    }
    if explored is not None:
        table = table_kit.page(request, tables.LINES, explored.lines)
        if table_kit.wants_table_only(request, table):
            return table_kit.respond(request, "telemetry/explore.html", table)
        parameters = _query_pairs(request.GET)
        times = list(span.query.items())
        context |= {
            "table": table,
            "codes": explore.codes_of(explored),
            "chart_url": f"{reverse('explore-chart')}?{urlencode([*parameters, *times])}",
            "csv_url": f"{reverse('explore-csv')}?{urlencode([*parameters, *times])}",
            "api_url": f"{reverse('telemetry-api-query')}?{urlencode([*parameters, *times])}",
        }
    return answers.page(request, "telemetry/explore.html", context)


@may_see
@conditional_page
@require_GET
def chart(request: HttpRequest) -> HttpResponse:
    explored, error = _explore(request.GET, now())
    if explored is None:
        return answers.chart_refused(str(error))
    return answers.chart(charts.lines(explored))


@may_see
@require_GET
def csv_file(request: HttpRequest) -> HttpResponseBase:
    explored, error = _explore(request.GET, now())
    if explored is None:
        return answers.chart_refused(str(error))
    return answers.csv_file("series", *explore.side_by_side(explored))


def _explore(params: QueryDict, at: datetime) -> tuple[explore.ExploredLines | None, SpecError | None]:
    params = params.copy()
    params["points"] = str(min(_whole(params.get("points"), POINTS), MOST_POINTS))
    try:
        question = admitted_query(params, now=at, default_start=DEFAULT_RANGE)
        return explore.answer(question, now=at), None
    except SpecError as error:
        return None, error


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and int(text[:9]) > 0 else otherwise


def _query_pairs(params: QueryDict) -> list[tuple[str, str]]:
    return [(name, value) for name in ASKED for value in params.getlist(name) if value.strip()]


def _offered(metric: str, at: datetime) -> tuple[Aggregation, ...]:
    """The aggregations that fit a metric, even if the rest of the query has errors."""
    alone = QueryDict(urlencode({"metric": metric, "points": 1}))
    try:
        return explore.offered(admitted_query(alone, now=at, default_start=DEFAULT_RANGE))
    except SpecError:
        return tuple(Aggregation)


def _aggregations(params: QueryDict, offered: tuple[Aggregation, ...]) -> list[dict[str, Any]]:
    """Return the possible aggregations; for counters only meaningful ones."""
    usual = {"value": "", "label": "default for the metric", "chosen": True}
    requested_name = params.get("aggregation", "")
    return [usual] + [
        {"value": each.value, "label": sentences.PER_STEP[each], "chosen": each == requested_name}
        for each in offered
    ]


def _form(
    params: QueryDict, explored: explore.ExploredLines | None, error: SpecError | None, at: datetime
) -> dict[str, Any]:
    selected_slugs = [slug for value in params.getlist("site") for slug in value.split(",") if slug]
    sites = list(Site.objects.order_by("name", "pk"))
    return {
        "sites": [
            {"slug": site.slug, "name": site.name, "chosen": site.slug in selected_slugs} for site in sites
        ],
        "metrics": explore.metrics_of([site for site in sites if site.slug in selected_slugs]),
        "metric": params.get("metric", ""),
        "aggregations": _aggregations(
            params, explored.offered if explored is not None else _offered(params.get("metric", ""), at)
        ),
        "quantile": params.get("quantile", ""),
        "group_by": ", ".join(params.getlist("group_by")),
        "labels": [*(text for text in params.getlist("labels") if text.strip()), ""],
        "step": params.get("step", ""),
        "kept": [(name, params[name]) for name in ("start", "end", "kiosk") if params.get(name)],
        "narrowed": links.narrowed(params),
        "bad_field": error.field if error else "",
        "reason": error.reason if error else "",
        "every_site": "Every site",
    }
