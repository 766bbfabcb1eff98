"""Pages of decisions: the list, one decision with its outcome, the form to record one, and its answers."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from readiness.tradeoffs.decisions import charts, operations, queries, tables
from readiness.tradeoffs.decisions.params import RecordDecisionForm, params_of_address
from readiness.tradeoffs.decisions.queries import compared
from readiness.tradeoffs.models import Decision
from web import answers as page_answers
from web import tables as table_kit
from web.charts import Figure
from web.clock import now
from web.links import crumbs
from web.permissions import asks, reads
from web.reports import Report
from web.tables import TablePage
from web.workflows.pages import StepPages, TakenBack, reader, saved

PAGE, NEW = "readiness/decisions/decision.html", "readiness/decisions/new.html"
SEE = ("inventory.view_site", operations.MAY_SEE)
LIST = Report("readiness/decisions/list.html", *SEE)
ABOVE = (("Decisions", "decisions"),)


@LIST.page
def decisions(request: HttpRequest) -> tuple[TablePage, Any]:
    table = table_kit.page(request, tables.DECISIONS, queries.light())
    return table, lambda: {"counts": queries.counts(now=now())}


@reads(*SEE)
def decision(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _show(request, _decision(pk))


@LIST.chart
def errors(request: HttpRequest, pk: int) -> Figure:
    decision = _decision(pk)
    pairs = compared(decision, now())
    return charts.errors(pairs, finding=tables.finding(pairs, decision))


@asks(*SEE, operations.MAY_RECORD)
def new(request: HttpRequest) -> HttpResponse:
    """Records a decision for the address's question: the figures are computed here and never read from the form."""
    at = now()
    params = params_of_address(request.GET)
    form = RecordDecisionForm(request.POST or None, initial={"site": params.site.slug if params.site else ""})
    subject: dict[str, Any] = {"workload": params.workload, "question": params.question}
    record = lambda: operations.record(**subject, **form.cleaned_data, by=reader(request), now=at)  # noqa: E731
    is_asked = params.workload is not None and not params.refusal
    done = "{} is recorded; a second person must approve it."
    if is_asked and (decision := saved(request, form, record, done, tell=_tell_recorded)):
        return HttpResponseRedirect(reverse("decision", args=[decision.pk]))
    context = {
        "form": form,
        "params": params,
        "changes": tables.levers(params.question.what_if.changes()),
        "breadcrumbs": crumbs("Record a decision", *ABOVE),
    }
    refused = form.errors or (params.refusal and "workload" in request.GET)
    return render(request, NEW, context, status=422 if refused else 200)


def _tell_recorded(request: HttpRequest, text: str, decision: Decision) -> None:
    STEPS.offer_back(request, text, decision.pk, WITHDRAWN)


def _show(
    request: HttpRequest, decision: Decision, refusals: Sequence[str] = (), status: int = 200
) -> HttpResponseBase:
    at = now()
    url = reverse("decision", args=[decision.pk])
    table = table_kit.page(request, tables.options(decision), queries.options(decision), url=url)
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, PAGE, table)
    pairs = compared(decision, at)
    slug = request.GET.get("factors", "") or decision.site.slug
    context: dict[str, Any] = {
        "decision": decision,
        "table": table,
        "all_weight": sum(decision.weights.values()) or 1.0,
        "levers": tables.levers(decision.what_if),
        "flips": tables.flips(decision),
        "finding": tables.finding(pairs, decision),
        "pairs": pairs,
        "chart_url": reverse("decision-errors", args=[decision.pk, "json"]) if pairs else "",
        "chart_csv": reverse("decision-errors", args=[decision.pk, "csv"]) if pairs else "",
        "factors": queries.factors(decision, slug),
        "factors_of": queries.name_of(decision, slug),
        "versions": tables.versions(decision),
        "api_url": reverse("tradeoffs-api-decision-detail", args=[decision.pk]),
        "is_due": decision.is_due(at),
        "breadcrumbs": crumbs(str(decision), *ABOVE),
        **STEPS.context(request, decision, refusals),
    }
    return page_answers.page(request, PAGE, context, status=status)


def _decision(pk: int) -> Decision:
    return get_object_or_404(queries.decisions(), pk=pk)


WITHDRAWN = TakenBack(operations.withdraw, "Withdraw", "Withdrawn right after it was written.")
STEPS = StepPages(
    page="decision",
    see=SEE,
    find=_decision,
    show=_show,
    done={
        operations.approve: "{} is approved.",
        operations.reject: "{} is rejected.",
        operations.withdraw: "{} is withdrawn.",
        operations.review: "The outcome of {} is recorded.",
    },
    # Who decided and who approved stays on record; a decision can only go on to being withdrawn.
    taken_back={operations.approve: WITHDRAWN},
)
