"""Pages of portfolios: the runs, the request form, and one run with its front and the moves of a point."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from readiness.demand.workloads.models import WorkloadClass
from readiness.tradeoffs.models import PortfolioRun
from readiness.tradeoffs.moves.consequences import ConsequenceDomain, ConsequenceEffect
from readiness.tradeoffs.portfolios import charts, operations, tables
from readiness.tradeoffs.portfolios.forms import ADD, AskForm, initial_of
from readiness.tradeoffs.portfolios.result import (
    MoveRow,
    Result,
    left_out,
    moves,
    pins,
    runs,
    site_changes,
    whole_runs,
)
from readiness.tradeoffs.units import signed
from web import tables as table_kit
from web.charts import Figure
from web.clock import now
from web.links import link
from web.outside import may_offer
from web.parameters import BadParameter
from web.permissions import require
from web.reports import Report, chart_urls, choices
from web.tables import TablePage
from web.units import number

LOOK = ("inventory.view_site", "workloads.view_workloadclass", operations.MAY_SEE)
DOMAINS = (
    ConsequenceDomain.COST,
    ConsequenceDomain.ENERGY,
    ConsequenceDomain.NETWORK,
    ConsequenceDomain.REGULATION,
    ConsequenceDomain.READINESS,
)
LIST = Report("readiness/portfolios/list.html", *LOOK)
RUN = Report("readiness/portfolios/run.html", *LOOK)
may_ask = require(*LOOK, operations.MAY_ASK)
may_cancel = require(*LOOK, operations.MAY_CANCEL)


@LIST.page
def portfolios(request: HttpRequest) -> tuple[TablePage, Any]:
    may = {"may_ask": may_offer(request.user, operations.MAY_ASK)}
    return table_kit.page(request, tables.RUNS, runs()), lambda: may


@may_ask
@never_cache
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    form = AskForm.sent(request.POST) if request.POST else AskForm(None, initial=_initial(request))
    is_final = request.method == "POST" and ADD not in request.POST
    if is_final and form.is_valid():
        try:
            run = operations.ask(form.arguments(), by=cast(User, request.user), now=now())
        except BadParameter as error:
            form.refused(error)
        else:
            return HttpResponseRedirect(link("portfolio", run.pk))
    return render(request, "readiness/portfolios/ask.html", {"form": form}, status=422 if is_final else 200)


def _initial(request: HttpRequest) -> dict[str, Any]:
    number = request.GET.get("again", "")
    if not number:
        slugs = WorkloadClass.objects.values_list("slug", flat=True)
        return {"currency": operations.usual_currency(slugs, now=now())}
    if not (number.isascii() and number.isdigit()):
        raise Http404
    return initial_of(_run(int(number[:20])).inputs)


@RUN.page
def portfolio(request: HttpRequest, pk: int) -> tuple[TablePage | None, Any]:
    run, user = _run(pk), request.user
    is_cancelling = run.cancel_asked_at is not None
    context = {
        "run": run,
        "may_ask": may_offer(user, operations.MAY_ASK),
        "may_cancel": run.is_open and not is_cancelling and may_offer(user, operations.MAY_CANCEL),
        "weights": tables.weights(run.inputs["weights"]),
    }
    if not run.result or not run.result["points"]:
        return None, lambda: context
    place, point = _point(request, run.result)
    rows = moves(run.result, point)
    table = table_kit.page(request, tables.moves(run.result), rows)
    return table, lambda: context | _point_context(request, run, run.result, place, rows)


@RUN.chart
def front_chart(request: HttpRequest, pk: int) -> Figure:
    run = _run(pk)
    if not run.result:
        raise Http404
    x, y = _axes(request, run.result)
    place = _point(request, run.result)[0] if run.result["points"] else 0
    return charts.front(run.result, x=x, y=y, chosen_point=place)


@require_POST
@may_cancel
@never_cache
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        run = operations.cancel(_run(pk), by=cast(User, request.user), now=now())
    except operations.AlreadyEnded as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, "The run ends before its next point." if run.is_open else "The run is cancelled."
        )
    return redirect("portfolio", pk)


def _point_context(
    request: HttpRequest, run: PortfolioRun, result: Result, chosen_place: int, rows: Sequence[MoveRow]
) -> dict[str, Any]:
    x, y = _axes(request, result)
    point = result["points"][chosen_place - 1]

    def address(**other: Any) -> str:
        return link("portfolio", run.pk, **({"point": chosen_place, "x": x, "y": y} | other))

    objectives = [(name, tables.OBJECTIVES[name]) for name in result["objectives"]]
    return {
        "chosen": chosen_place,
        "gap": tables.gap(point),
        "moves": rows,
        "moves_told": tables.moves_told(rows, len(point["left_out"])),
        "changes": [_change(result, point, name, rows) for name in result["objectives"]],
        "points": [
            _point_row(result, each, address(point=place)) for place, each in enumerate(result["points"], 1)
        ],
        "heads": [(tables.OBJECTIVES[name], result["units"][name]) for name in result["objectives"]],
        "domains": [_counts(rows, domain) for domain in DOMAINS],
        "by_site": site_changes(result, point, rows),
        "pins": pins(run.inputs["pins"], result, point),
        "left_out": left_out(result, point),
        "today_told": tables.today_told(result),
        "plans_told": tables.plans_told(result),
        "finding": tables.finding(result, x=x, y=y),
        "chart": chart_urls("portfolio-front", run.pk, point=chosen_place, x=x, y=y),
        "across": choices(objectives, x, lambda name: address(x=name)),
        "up": choices(objectives, y, lambda name: address(y=name)),
    }


def _point_row(result: Result, point: Result, url: str) -> Mapping[str, Any]:
    return {
        "of": point,
        "url": url,
        "gap": tables.gap(point),
        "shares": tables.shares(point),
        "totals": [
            (tables.OBJECTIVES[name], number(round(point["compared"][name]))) for name in result["objectives"]
        ],
    }


def _change(result: Result, point: Result, name: str, rows: Sequence[MoveRow]) -> Mapping[str, Any]:
    unit, _comma, summed = result["units"][name].partition(", ")
    label = f"{tables.OBJECTIVES[name]} against today"
    return {
        "label": f"{label}, summed" if summed else label,
        "value": signed(point["changes"][name]) if result["today"]["workloads"] else None,
        "unit": unit,
        "note": tables.coverage(result, name, rows),
    }


def _counts(rows: Sequence[MoveRow], domain: str) -> tuple[str, list[tuple[str, int]]]:
    effects = [row.effects(domain) for row in rows]
    counts = [(effect.value, sum(effect in each for each in effects)) for effect in ConsequenceEffect]
    return domain, [(effect, count) for effect, count in counts if count]


def _point(request: HttpRequest, result: Result) -> tuple[int, Result]:
    text, points = request.GET.get("point", "1"), result["points"]
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= len(points)):
        raise BadParameter("point", f"There is no point {text[:20]}; there are 1 to {len(points)}.")
    return int(text), points[int(text) - 1]


def _axes(request: HttpRequest, result: Result) -> tuple[str, str]:
    names = result["objectives"]
    x, y = request.GET.get("x", names[0]), request.GET.get("y", names[min(1, len(names) - 1)])
    for axis, name in (("x", x), ("y", y)):
        if name not in names:
            raise BadParameter(axis, f"There is no objective {name[:40]}; there are {', '.join(names)}.")
    return x, y


def _run(pk: int) -> PortfolioRun:
    return get_object_or_404(whole_runs(), pk=min(pk, 2**63 - 1))
