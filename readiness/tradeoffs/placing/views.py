"""The trade-off explorer at /tradeoffs/, its two charts, and the options as a file. The address holds all settings."""

from typing import Any
from urllib.parse import urlencode

import orjson
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render

from readiness.demand.workloads.core.countries import GROUPS, WORLD
from readiness.tradeoffs.factors.queries import region_names
from readiness.tradeoffs.params import CARBON
from readiness.tradeoffs.placing import charts, rows, sentences
from readiness.tradeoffs.placing.answer import PlacementAnswer
from readiness.tradeoffs.placing.params import PlacementView, question_of_address, view_of_address
from readiness.tradeoffs.placing.queries import MAY_PLACE, bases, chosen_class, classes, placement_answer
from web import answers
from web.clock import now
from web.parameters import BadParameter
from web.reports import Report

EXPLORER = Report("tradeoffs/explorer.html", *MAY_PLACE)


@EXPLORER.reads
def explorer(request: HttpRequest) -> HttpResponse:
    workloads = classes()
    envelope = chosen_class(workloads, request.GET.get("workload", ""), now=now())
    context: dict[str, Any] = {"workloads": workloads}
    if envelope is None:
        status = 404 if workloads and request.GET.get("workload") else 200
        return render(request, EXPLORER.template, context, status=status)
    query, error = request.GET, None
    try:
        view = view_of_address(query)
        answer = placement_answer(envelope, question_of_address(query), now=now())
    except BadParameter as refused:
        error, query, view = refused, QueryDict(urlencode({"workload": envelope.slug})), PlacementView()
        answer = placement_answer(envelope, question_of_address(query), now=now())
    context |= {"error": error, "workload": envelope, **_context(answer, view, query), **_choices(answer)}
    return answers.page(request, EXPLORER.template, context, status=400 if error else 200)


@EXPLORER.reads
def scatter(request: HttpRequest) -> HttpResponse:
    answer, view = _of_address(request.GET)
    return answers.chart(charts.scatter(answer, view))


@EXPLORER.reads
def parallel(request: HttpRequest) -> HttpResponse:
    answer, view = _of_address(request.GET)
    return answers.chart(charts.parallel(answer, view.ranges))


@EXPLORER.reads
def export(request: HttpRequest) -> HttpResponseBase:
    answer, view = _of_address(request.GET)
    columns, table = rows.csv_rows(answer, answer.within(view.ranges))
    return answers.csv_file(f"placement-{answer.envelope.slug}", columns, table)


def _of_address(query: QueryDict) -> tuple[PlacementAnswer, PlacementView]:
    envelope = chosen_class(classes(), query.get("workload", ""), now=now())
    if envelope is None:
        raise BadRequest("workload: no workload class is called that")
    view = view_of_address(query)
    return placement_answer(envelope, question_of_address(query), now=now()), view


def _context(answer: PlacementAnswer, view: PlacementView, given: QueryDict) -> dict[str, Any]:
    shown, slug, loosen = answer.within(view.ranges), answer.envelope.slug, sentences.to_loosen(answer)
    return {
        "answer": answer,
        "view": view,
        "asked": given,
        # The page may have chosen the class itself.
        "query": given.urlencode() if given.get("workload") else urlencode({"workload": slug}),
        "heads": rows.heads(answer),
        "rows": [rows.row(answer, option) for option in shown[: rows.MOST_ROWS]],
        "blank": rows.blank(answer),
        "shown": len(shown),
        "changes": rows.changes(answer),
        "figures": sentences.key_figures(answer, loosen),
        "unscored": sentences.unscored(answer),
        "confidence": sentences.confidence(answer),
        "kept_out": rows.kept_out(answer),
        "most_rows": rows.MOST_ROWS,
        "loosen": loosen,
        "advice": list(dict.fromkeys(each["words"] for each in loosen)),
        "planned": rows.planned(answer),
        "comparison": rows.comparison(answer, view.compare),
        "served": rows.served(answer),
        "panes": [("objectives", "All objectives"), ("sure", "How sure is it")],
        "has_lines": charts.has_lines(answer),
        "scatter_title": f"{rows.LABELS[view.x]} and {rows.LABELS[view.y].lower()} of every option",
        "api_body": orjson.dumps(answer.question.body(slug), option=orjson.OPT_INDENT_2).decode(),
    }


def _choices(answer: PlacementAnswer) -> dict[str, Any]:
    sites = sorted(answer.options, key=lambda option: option.name)
    return {
        "summary": sentences.changed(answer),
        "carbons": CARBON.items(),
        "sites": [(option.slug, option.name) for option in sites],
        "regions": region_names().items(),
        "residencies": [(group, group) for group in sorted(GROUPS) if group != WORLD],
        "bases": bases(),
        "today": [(slug, answer.sites[slug].name) for slug in answer.today if slug in answer.sites],
        "min_points": "" if answer.envelope.min_score is None else f"{answer.envelope.min_score * 100:g}",
        "weights": [
            (f"w_{each.name}", rows.LABELS[each.name], f"{answer.weights[each.name]:g}")
            for each in answer.objectives
        ],
    }
