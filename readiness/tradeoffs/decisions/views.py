"""Pages of decisions: the list, one of them with what came of it, recording one, answering one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods, require_POST

from accounts.models import User
from readiness.tradeoffs.decisions import charts, lines, operations, queries, tables
from readiness.tradeoffs.decisions.compared import compared
from readiness.tradeoffs.decisions.forms import DecisionNoteForm, RecordDecisionForm
from readiness.tradeoffs.decisions.params import params_of_address
from readiness.tradeoffs.models import Decision
from web import answers as page_answers
from web import tables as table_kit
from web.clock import now
from web.history import history_of
from web.permissions import MissingPermission, require

LIST, PAGE = "readiness/decisions/list.html", "readiness/decisions/decision.html"
NEW = "readiness/decisions/new.html"
SEE = ("inventory.view_site", operations.MAY_SEE)
may_see = require(*SEE)
may_record = require(*SEE, operations.MAY_RECORD)
may_approve = require(*SEE, operations.MAY_APPROVE)


@may_see
@conditional_page
@require_GET
def decisions(request: HttpRequest) -> HttpResponseBase:
    at = now()
    table = table_kit.page(request, tables.DECISIONS, queries.light(), prepare=queries.rows)
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, LIST, table)
    context = {
        "table": table,
        "kpis": lines.key_figures(queries.counts(now=at)),
        "breadcrumbs": _breadcrumbs("Decisions", first=True),
    }
    return page_answers.page(request, LIST, context)


@may_see
@conditional_page
@require_GET
def decision(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _page(request, _decision(pk), at=now())


@may_see
@conditional_page
@require_GET
def errors(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """How far each forecast was off, as a chart or as its table."""
    at = now()
    decision = _decision(pk)
    pairs = compared(decision, at)
    return page_answers.chart(charts.errors(pairs, finding=lines.finding(pairs, decision, at)), form)


@may_record
@never_cache
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Records what the address asks of the placement: the figures are worked out here, and none is read of the form."""
    at = now()
    params = params_of_address(request.GET)
    form = RecordDecisionForm(request.POST or None, initial={"site": params.site.slug if params.site else ""})
    if request.method == "POST" and params.workload and not params.refusal and form.is_valid():
        try:
            made = operations.record(
                workload=params.workload,
                question=params.question,
                **form.cleaned_data,
                by=_reader(request),
                now=at,
            )
        except ValidationError as error:
            form.refused(error)
        else:
            messages.success(request, f"{made} is recorded; somebody else answers.")
            return HttpResponseRedirect(reverse("decision", args=[made.pk]))
    context = {
        "form": form,
        "params": params,
        "facts": lines.asked(params),
        "breadcrumbs": _breadcrumbs("Record a decision"),
    }
    refused = form.errors or (params.refusal and "workload" in request.GET)
    return render(request, NEW, context, status=422 if refused else 200)


@require_POST
@may_approve
@never_cache
def approve(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _answered(request, pk, operations.approve, "%(decision)s is approved.")


@require_POST
@may_approve
@never_cache
def reject(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _answered(request, pk, operations.reject, "%(decision)s is rejected.")


@require_POST
@may_see
@never_cache
def withdraw(request: HttpRequest, pk: int) -> HttpResponseBase:
    _refuse_reader(request)
    return _answered(request, pk, operations.withdraw, "%(decision)s is withdrawn.")


@require_POST
@may_see
@never_cache
def review(request: HttpRequest, pk: int) -> HttpResponseBase:
    _refuse_reader(request)

    def written(found: Decision, *, note: str, by: User, now: datetime) -> Decision:
        return operations.review(found, by=by, now=now)

    return _answered(request, pk, written, "What came of %(decision)s is written down.")


def _refuse_reader(request: HttpRequest) -> None:
    if not (request.user.has_perm(operations.MAY_RECORD) or request.user.has_perm(operations.MAY_APPROVE)):
        raise MissingPermission([operations.MAY_APPROVE])


def _answered(request: HttpRequest, pk: int, answer: Callable[..., Decision], done: str) -> HttpResponseBase:
    """The page of the decision again; what stood in the way is said there."""
    at = now()
    decision = _decision(pk)
    try:
        answer(decision, note=request.POST.get("note", ""), by=_reader(request), now=at)
    except ValidationError as error:
        return _page(request, decision, at=at, refusals=error.messages, status=422)
    except (operations.AlreadyAnswered, operations.NotDue) as error:
        return _page(request, _decision(pk), at=at, refusals=[str(error)], status=409)
    messages.success(request, done % {"decision": decision})
    return HttpResponseRedirect(reverse("decision", args=[pk]))


def _page(
    request: HttpRequest,
    decision: Decision,
    *,
    at: datetime,
    refusals: list[str] | None = None,
    status: int = 200,
) -> HttpResponseBase:
    url = reverse("decision", args=[decision.pk])
    table = table_kit.page(request, tables.options(decision), queries.options(decision), url=url)
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, PAGE, table)
    pairs = compared(decision, at)
    slug = request.GET.get("factors", "") or decision.site.slug
    context: dict[str, Any] = {
        "decision": decision,
        "table": table,
        "facts": lines.facts(decision),
        "weights": lines.weights(decision),
        "levers": lines.levers(decision),
        "flips": lines.flips(decision),
        "finding": lines.finding(pairs, decision, at),
        "comparison": lines.comparison(pairs),
        "forecasts": lines.forecasts(decision) if not pairs else [],
        "chart_url": reverse("decision-errors", args=[decision.pk, "json"]) if pairs else "",
        "chart_csv": reverse("decision-errors", args=[decision.pk, "csv"]) if pairs else "",
        "factors": lines.frozen(queries.factors(decision, slug), until=decision.decided_at),
        "factors_of": queries.name_of(decision, slug),
        "versions": lines.versions(decision),
        "api_url": reverse("tradeoffs-api-decision-detail", args=[decision.pk]),
        "refusals": refusals or [],
        "history": history_of(decision, limit=20).rows,
        "optional_note": DecisionNoteForm(auto_id="id_words_%s", required=False),
        "reject_note": DecisionNoteForm(auto_id="id_why_not_%s"),
        "withdraw_note": DecisionNoteForm(auto_id="id_why_end_%s"),
        "breadcrumbs": _breadcrumbs(str(decision)),
        **lines.choices_of(decision, _reader(request), at),
    }
    response = page_answers.page(request, PAGE, context)
    response.status_code = status
    return response


def _reader(request: HttpRequest) -> User:
    """Signed in, as every page here asks."""
    return cast(User, request.user)


def _decision(pk: int) -> Decision:
    return get_object_or_404(queries.decisions(), pk=pk)


def _breadcrumbs(here: str, *, first: bool = False) -> list[dict[str, str]]:
    above = [] if first else [{"label": "Decisions", "url": reverse("decisions")}]
    return [*above, {"label": here, "url": ""}]
