"""When a workload that may wait should run, at /tradeoffs/workloads/<slug>/windows/: the page and its charts."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict

from readiness.demand.workloads import queries as workloads
from readiness.demand.workloads.core.envelope import Envelope
from readiness.tradeoffs.windows import charts, sentences
from readiness.tradeoffs.windows.answer import (
    TRIED,
    WindowsAnswer,
    WindowsQuestion,
    WindowsQuestionSerializer,
    less,
    question_of,
    total,
)
from readiness.tradeoffs.windows.queries import planned
from web import answers
from web.charts import Figure
from web.clock import now
from web.links import crumbs, link
from web.parameters import BadParameter
from web.reports import Report, chart_urls

MAY_SEE = (
    "inventory.view_site",
    "workloads.view_workloadclass",
    "tradeoffs.view_sitefactor",
    "tradeoffs.view_factorday",
)
MAY_ENTER = "tradeoffs.add_factorday"
CHARTS = {"hours": charts.hours, "trade-off": charts.trade_off, "back-test": charts.trial}
SHOWN_PIECES = 3
WINDOWS = Report("tradeoffs/windows.html", *MAY_SEE)


@WINDOWS.reads
def windows(request: HttpRequest, slug: str) -> HttpResponse:
    envelope, params, error = _envelope(slug), request.GET, None
    try:
        answer = planned(envelope, question_of(params.dict()), now=now())
    except BadParameter as refused:
        error, params = refused, QueryDict()
        answer = planned(envelope, WindowsQuestion(), now=now())
    fields = WindowsQuestionSerializer().fields
    query = {name: str(value) for name, value in params.items() if name in fields and value}
    context = {
        "breadcrumbs": crumbs(
            "Windows", ("Workload classes", "workloads"), (envelope.name, link("workload", slug))
        ),
        "error": error,
        "answer": answer,
        "why_not": sentences.why_not(answer),
        "to_load": _missing_factors(answer, may_enter=request.user.has_perm(MAY_ENTER)),
        "api_url": link("tradeoffs-windows", workload=slug, **query),
        **_plans_context(answer, query),
    }
    return answers.page(request, WINDOWS.template, context, status=400 if error else 200)


@WINDOWS.chart
def chart(request: HttpRequest, slug: str, name: str) -> Figure:
    if name not in CHARTS:
        raise Http404
    return CHARTS[name](planned(_envelope(slug), question_of(request.GET.dict()), now=now()))


def _envelope(slug: str) -> Envelope:
    envelopes = workloads.envelopes([slug])
    if not envelopes:
        raise Http404
    return envelopes[0]


def _missing_factors(answer: WindowsAnswer, *, may_enter: bool) -> list[dict[str, str]]:
    if answer.site is None or not answer.envelope.deferrable_h:
        return []
    return [
        {
            "name": sentences.kind_name(kind),
            "how": sentences.how_to_load(answer, kind),
            "url": link("factor-hours-add", site=answer.site.slug, kind=kind) if may_enter else "",
        }
        for kind in answer.missing
    ]


def _plans_context(answer: WindowsAnswer, query: dict[str, str]) -> dict[str, Any]:
    windows, site = answer.windows, answer.site
    if windows is None or site is None:
        return {}
    figures_at_once = answer.figures(windows.at_once)
    plans: list[dict[str, Any]] = [
        {
            "key": key,
            "name": name,
            "plan": plan,
            "is_chosen": plan is answer.chosen_plan,
            "pieces": [sentences.piece(piece, site.zone) for piece in plan.pieces[:SHOWN_PIECES]],
            "more": max(len(plan.pieces) - SHOWN_PIECES, 0),
            "figures": answer.figures(plan),
            "saves": []
            if key == "at-once"
            else sentences.saves(answer, figures_at_once, answer.figures(plan)),
        }
        for key, name, plan in sentences.named_plans(answer)
    ]
    flat = {
        "key": "flat",
        "name": "Flat, at the mean of these hours",
        "figures": answer.flat,
        "saves": sentences.saves(answer, figures_at_once, answer.flat),
    }
    return {
        "span": sentences.span_told(windows, site),
        "notes": sentences.notes(answer, windows),
        "plans": [plans[0], flat, *plans[1:]],
        "finding": sentences.finding(answer),
        "exchange": sentences.exchange(answer),
        "sources": [(sentences.kind_name(kind), answer.sources.get(kind)) for kind in answer.kinds],
        "hours_legend": charts.hours_legend(answer),
        "charts": {
            name.replace("-", "_"): chart_urls("workload-windows-chart", answer.envelope.slug, name, **query)
            for name in CHARTS
        },
        **_trial_context(answer),
    }


def _trial_context(answer: WindowsAnswer) -> dict[str, Any]:
    total_at_once, ruled, best = (total(answer.worths(part)) for part in TRIED)
    saved, most = less(total_at_once, ruled), less(total_at_once, best)
    pairs = zip(answer.worths("at_once"), answer.worths("by_rule"), strict=True)
    return {
        "trial_finding": sentences.trial_finding(answer),
        "trial": [("At once", total_at_once), ("By the rule", ruled), ("Perfect foresight", best)],
        "reached": max(100 * saved / most, 0.0) if saved is not None and most else None,
        "days_worse": sum(
            at_once is not None and by_rule is not None and by_rule > at_once + 1e-9
            for at_once, by_rule in pairs
        ),
    }
