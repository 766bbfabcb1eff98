"""Pages of portfolios: the runs, asking for one, and one of them with its front and the moves of a point."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods, require_POST

from accounts.models import User
from readiness.tradeoffs.core.parsing import BadTradeoffQuestion
from readiness.tradeoffs.models import PortfolioRun
from readiness.tradeoffs.portfolios import charts, lines, operations, queries, tables
from readiness.tradeoffs.portfolios.forms import AskForm, initial_of
from web import answers
from web import tables as table_kit
from web.clock import now
from web.links import link
from web.permissions import require

LOOK = ("inventory.view_site", "workloads.view_workloadclass", operations.MAY_SEE)
may_see = require(*LOOK)
may_ask = require(*LOOK, operations.MAY_ASK)
may_cancel = require(*LOOK, operations.MAY_CANCEL)


@may_see
@conditional_page
@require_GET
def portfolios(request: HttpRequest) -> HttpResponseBase:
    table = table_kit.page(request, tables.RUNS, queries.runs())
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/portfolios/list.html", table)
    context = {
        "table": table,
        "may_ask": request.user.has_perm(operations.MAY_ASK),
        "breadcrumbs": _breadcrumbs("Portfolio", first=True),
    }
    return answers.page(request, "readiness/portfolios/list.html", context)


@may_ask
@never_cache
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    form = AskForm(request.POST or None, initial=_initial(request))
    if request.method == "POST" and form.is_valid():
        try:
            run = operations.ask(form.asked(), by=_reader(request), now=now())
        except BadTradeoffQuestion as error:
            form.refused(error)
        else:
            return HttpResponseRedirect(reverse("portfolio", args=[run.pk]))
    context = {"form": form, "breadcrumbs": _breadcrumbs("Ask for one")}
    return render(request, "readiness/portfolios/ask.html", context, status=422 if form.errors else 200)


def _initial(request: HttpRequest) -> dict[str, Any]:
    """Return the question of the run that the address names, so that it can be asked again with changes."""
    number = request.GET.get("again", "")
    if not number:
        return {}
    if not (number.isascii() and number.isdigit()):
        raise Http404
    return initial_of(_run(int(number[:20])).inputs)


@may_see
@conditional_page
@require_GET
def portfolio(request: HttpRequest, pk: int) -> HttpResponseBase:
    run = _run(pk)
    context: dict[str, Any] = {
        "run": run,
        "name": f"Portfolio {run.pk}",
        "pinned": len(run.inputs["pins"]),
        "may_ask": request.user.has_perm(operations.MAY_ASK),
        "may_cancel": run.is_open
        and run.cancel_asked_at is None
        and request.user.has_perm(operations.MAY_CANCEL),
        "weights": ", ".join(
            f"{lines.OBJECTIVE_NAMES[name]} {weight:g}" for name, weight in run.inputs["weights"].items()
        ),
        "breadcrumbs": _breadcrumbs(f"Portfolio {run.pk}"),
    }
    if run.result and run.result["points"]:
        chosen, point = _point(request, run.result)
        rows = lines.moves(run.result, point)
        table = table_kit.page(request, tables.moves(run.result), rows)
        if table_kit.wants_table_only(request, table):
            return table_kit.respond(request, "readiness/portfolios/run.html", table)
        context |= {"table": table, **_found(request, run, chosen, point, rows)}
    return answers.page(request, "readiness/portfolios/run.html", context)


@may_see
@conditional_page
@require_GET
def front_chart(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    run = _run(pk)
    if not run.result:
        raise Http404
    x, y = _axes(request, run.result)
    chosen = _point(request, run.result)[0] if run.result["points"] else 0
    return answers.chart(charts.front(run.result, x=x, y=y, chosen=chosen), form)


@require_POST
@may_cancel
@never_cache
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        run = operations.cancel(_run(pk), by=_reader(request), now=now())
    except operations.AlreadyEnded as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request,
            "It ends before its next point." if run.is_open else "It is cancelled.",
        )
    return HttpResponseRedirect(reverse("portfolio", args=[pk]))


def _found(
    request: HttpRequest, run: PortfolioRun, chosen: int, point: dict[str, Any], rows: list[lines.MoveRow]
) -> dict[str, Any]:
    result = cast("dict[str, Any]", run.result)
    x, y = _axes(request, result)

    def address(place: int = chosen, x: str = x, y: str = y) -> str:
        return link("portfolio", run.pk, point=place, x=x, y=y)

    def chart(form: str) -> str:
        return f"{reverse('portfolio-front', args=[run.pk, form])}?point={chosen}&x={x}&y={y}"

    return {
        "chosen": chosen,
        "kpis": lines.key_figures(result, point, rows),
        "points": lines.points(run, chosen, address),
        "heads": lines.heads(result),
        "domains": lines.by_domain(rows),
        "by_site": lines.by_site(result, point, rows),
        "pins": lines.pins(run.inputs["pins"], result, point),
        "left_out": lines.left_out(result, point),
        "today_told": lines.today_told(result),
        "plans_told": lines.plans_told(result),
        "finding": charts.finding(result, x=x, y=y),
        "chart_url": chart("json"),
        "csv_url": chart("csv"),
        "axes": [
            {
                "label": label,
                "views": [
                    {
                        "label": lines.OBJECTIVE_NAMES[name],
                        "url": address(**{axis: name}),
                        "current": name == current,
                    }
                    for name in result["objectives"]
                ],
            }
            for axis, label, current in (("x", "Across", x), ("y", "Up", y))
        ],
    }


def _point(request: HttpRequest, result: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """The point that the address names, counted from 1; the first has the weights that were asked for."""
    asked = request.GET.get("point", "1")
    if not (asked.isascii() and asked.isdigit() and 1 <= int(asked[:9]) <= len(result["points"])):
        raise BadRequest(f"There is no point {asked[:20]}; there are 1 to {len(result['points'])}.")
    return int(asked), result["points"][int(asked) - 1]


def _axes(request: HttpRequest, result: dict[str, Any]) -> tuple[str, str]:
    names = result["objectives"]
    axes = request.GET.get("x", names[0]), request.GET.get("y", names[min(1, len(names) - 1)])
    for name in axes:
        if name not in names:
            raise BadRequest(f"There is no objective {name[:40]}; there are {', '.join(names)}.")
    return axes


def _breadcrumbs(here: str, *, first: bool = False) -> list[dict[str, str]]:
    above = [] if first else [{"label": "Portfolio", "url": reverse("portfolios")}]
    return [*above, {"label": here, "url": ""}]


def _run(pk: int) -> PortfolioRun:
    return get_object_or_404(queries.whole_runs(), pk=min(pk, 2**63 - 1))


def _reader(request: HttpRequest) -> User:
    return cast(User, request.user)
