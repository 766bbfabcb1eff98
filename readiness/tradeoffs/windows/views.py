"""When a workload that may wait should run, at /tradeoffs/workloads/<slug>/windows/: the page and its charts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from readiness.tradeoffs.core.parsing import BadTradeoffQuestion
from readiness.tradeoffs.windows import charts, legends, lines, panel, trial_lines
from readiness.tradeoffs.windows.params import WindowsQuestion, question_of
from readiness.tradeoffs.windows.planned import WindowsAnswer
from readiness.tradeoffs.windows.queries import planned
from readiness.workloads import queries as workloads
from readiness.workloads.core.envelope import Envelope
from web import answers
from web.clock import now
from web.permissions import require

MAY_SEE = (
    "inventory.view_site",
    "workloads.view_workloadclass",
    "tradeoffs.view_sitefactor",
    "tradeoffs.view_factorday",
)
MAY_ENTER = "tradeoffs.add_factorday"
TEMPLATE = "tradeoffs/windows.html"
CHARTS = {"hours": charts.hours, "trade-off": charts.trade_off, "back-test": charts.trial}
may_see = require(*MAY_SEE)


@may_see
@never_cache
@require_GET
def windows(request: HttpRequest, slug: str) -> HttpResponse:
    envelope, given, error = _envelope(slug), request.GET, None
    try:
        found = planned(envelope, question_of(given.dict()), now=now())
    except BadTradeoffQuestion as refused:
        error, given = refused, QueryDict()
        found = planned(envelope, WindowsQuestion(), now=now())
    may_enter = request.user.has_perm(MAY_ENTER)
    context = {"error": error, **_context(found, given, may_enter=may_enter)}
    # What was asked stays in the fields, so that it can be mended.
    context["panel"] = panel.panel(found, request.GET)
    response = answers.page(request, TEMPLATE, context)
    response.status_code = 400 if error else 200
    return response


@may_see
@never_cache
@require_GET
def chart(request: HttpRequest, slug: str, name: str, form: str) -> HttpResponse:
    if name not in CHARTS:
        raise Http404
    try:
        found = planned(_envelope(slug), question_of(request.GET.dict()), now=now())
    except BadTradeoffQuestion as error:
        raise BadRequest(str(error)) from error
    return answers.chart(CHARTS[name](found), form)


def _envelope(slug: str) -> Envelope:
    found = workloads.envelopes([slug])
    if not found:
        raise Http404
    return found[0]


def _context(answer: WindowsAnswer, given: QueryDict, *, may_enter: bool) -> dict[str, Any]:
    slug, query = answer.envelope.slug, given.urlencode()

    def address(name: str, form: str) -> str:
        return f"{reverse('workload-windows-chart', args=[slug, name, form])}?{query}"

    asked = urlencode([("workload", slug), *((key, value) for key, value in given.items() if value)])
    return {
        "found": answer,
        "workload": answer.envelope,
        "why_not": lines.why_not(answer),
        "to_load": lines.to_load(answer, may_enter=may_enter),
        "span": lines.span_told(answer),
        "notes": lines.notes(answer),
        "rows": lines.rows(answer),
        "finding": lines.finding(answer),
        "exchange": lines.exchange(answer),
        "sources": lines.sources(answer),
        "trial_finding": trial_lines.finding(answer),
        "trial": trial_lines.facts(answer),
        "charts": {
            name.replace("-", "_"): {"url": address(name, "json"), "csv": address(name, "csv")}
            for name in CHARTS
        },
        "legends": legends.legends(answer),
        "api_url": f"{reverse('tradeoffs-windows')}?{asked}",
        "breadcrumbs": [
            {"label": "Workload classes", "url": reverse("workloads")},
            {"label": answer.envelope.name, "url": reverse("workload", args=[slug])},
            {"label": "Windows", "url": ""},
        ],
    }
