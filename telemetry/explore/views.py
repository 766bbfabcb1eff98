"""Explore: metrics to browse, what is drawn of them, and the same as a table, a file, PromQL and an API call."""

from datetime import datetime
from typing import Any

from django.db.models import Max
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import conditional_page, require_GET

from inventory.models import Site
from telemetry import explore
from telemetry.core.spec import SpecError
from telemetry.explore import catalogue, charts, comparing
from telemetry.explore.comparing import Explored
from telemetry.explore.form import EARLIER_WORDS, explore_form
from telemetry.explore.lines import side_by_side
from telemetry.explore.params import DEFAULT_RANGE, explored_question
from telemetry.explore.shown import ExploreAddress, explore_address
from telemetry.explore.starts import starts
from telemetry.explore.tables import lines_table
from telemetry.explore.translating import translations
from telemetry.explore.tree import ARRANGEMENTS, tree_part
from telemetry.models import Source
from telemetry.params import EXPLORED, PARAMETERS, SECOND
from web import answers
from web import tables as table_kit
from web.clock import now
from web.permissions import require
from web.timerange import TimeRange

TEMPLATE = "telemetry/explore/page.html"
_TIMES = ("start", "end", "points")

may_see = require("telemetry.view_series")


@may_see
@conditional_page
@require_GET
def page(request: HttpRequest) -> HttpResponseBase:
    at = now()
    span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
    address = explore_address(request.GET)
    explored, error = _explored(request.GET, at) if address.metric else (None, None)
    context: dict[str, Any] = {
        "address": address,
        "time_range": span.context,
        "form": explore_form(request.GET, address, explored, error, now=at),
        "answer": explored,
        "error": error,
    }
    if explored is not None:
        compares = bool(explored.question.earlier_ms)
        table = table_kit.page(request, lines_table(explored), explored.lines)
        if table_kit.wants_table_only(request, table):
            return table_kit.respond(request, TEMPLATE, table, {"views_above": True})
        context |= {
            "table": table,
            "views_above": True,
            "codes": explore.codes_of(explored.first),
            "translations": translations(explored),
            "earlier_words": EARLIER_WORDS[request.GET.get("earlier", "").strip()] if compares else "",
        } | _addresses(request.GET, span)
    if request.headers.get("HX-Target", "").partition("#")[2] != answers.LIVE_REGION:
        context |= _browser(request, address, at)
    return answers.page(request, TEMPLATE, context)


def _browser(request: HttpRequest, address: ExploreAddress, at: datetime) -> dict[str, Any]:
    """The list of metrics as the page comes with it: its branches, none of them read before it is opened, but for
    readers without scripts."""
    sources = Source.objects.aggregate(newest=Max("status__last_sample_at"))
    branch = request.GET.get("open", "")
    return {
        "tree": tree_part("", address, now=at),
        "opened_branch": branch,
        "opened": tree_part(branch, address, now=at) if branch else None,
        "tree_query": request.GET.urlencode(),
        "arrangements": [
            {"label": label, "url": _changed(request.GET, by=by, q="", open=""), "current": by == address.by}
            for by, label in ARRANGEMENTS.items()
        ],
        "metric_count": len(catalogue.all_metrics(at)),
        "site_count": Site.objects.count(),
        "newest_at": sources["newest"],
        "now": at,
        "starts": [] if address.metric else starts(catalogue.all_metrics(at)),
    }


@may_see
@require_GET
def tree(request: HttpRequest) -> HttpResponse:
    """One branch of the list of metrics, for the page that opens it or searches."""
    part = tree_part(request.GET.get("branch", ""), explore_address(request.GET), now=now())
    context = {"part": part, "tree_query": _changed(request.GET, branch="").partition("?")[2]}
    return answers.page(request, "telemetry/explore/part.html", context)


@may_see
@conditional_page
@require_GET
def chart(request: HttpRequest) -> HttpResponse:
    explored, error = _explored(request.GET, now())
    if explored is None:
        return answers.chart_refused(str(error))
    return answers.chart(charts.compared(explored))


@may_see
@require_GET
def csv_file(request: HttpRequest) -> HttpResponseBase:
    explored, error = _explored(request.GET, now())
    if explored is None:
        return answers.chart_refused(str(error))
    return answers.csv_file("series", *side_by_side(explored.lines_and_earlier))


def _explored(params: QueryDict, at: datetime) -> tuple[Explored | None, SpecError | None]:
    try:
        return comparing.explored(explored_question(params, now=at), now=at), None
    except SpecError as error:
        return None, error


def _addresses(params: QueryDict, span: TimeRange) -> dict[str, str]:
    """Addresses of the same answer as a chart and a file, and of its first metric from the API."""
    times = QueryDict(mutable=True)
    times.update(span.query)
    drawn, api_query = times.copy(), times.copy()
    for name in EXPLORED:
        if name not in _TIMES and (values := [value for value in params.getlist(name) if value.strip()]):
            drawn.setlist(name, values)
            if name in PARAMETERS and not name.startswith(SECOND):
                api_query.setlist(name, values)
    return {
        "chart_url": f"{reverse('explore-chart')}?{drawn.urlencode()}",
        "csv_url": f"{reverse('explore-csv')}?{drawn.urlencode()}",
        "api_url": f"{reverse('telemetry-api-query')}?{api_query.urlencode()}",
    }


def _changed(params: QueryDict, **changes: str) -> str:
    changed = params.copy()
    for name, value in changes.items():
        if value:
            changed[name] = value
        else:
            changed.pop(name, None)
    return f"{reverse('explore')}?{changed.urlencode()}"
