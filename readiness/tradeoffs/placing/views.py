"""The trade-off explorer at /tradeoffs/, its two charts, and the options as a file. The address holds all settings."""

from typing import Any
from urllib.parse import urlencode

import orjson
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render

from readiness.demand.workloads.core.countries import GROUPS, WORLD
from readiness.demand.workloads.core.envelope import Envelope
from readiness.tradeoffs.factors.queries import region_names
from readiness.tradeoffs.params import CARBON
from readiness.tradeoffs.placing import charts, rows, sentences
from readiness.tradeoffs.placing.core.answer import PlacementAnswer
from readiness.tradeoffs.placing.core.weighing import weigh
from readiness.tradeoffs.placing.facts import PlacementFacts, read_facts
from readiness.tradeoffs.placing.params import PlacementView, question_of_address, view_of_address
from readiness.tradeoffs.placing.queries import MAY_PLACE, classes, opening_class
from web import answers
from web.clock import now
from web.parameters import BadParameter
from web.reports import Report

EXPLORER = Report("tradeoffs/explorer.html", *MAY_PLACE)


@EXPLORER.reads
def explorer(request: HttpRequest) -> HttpResponse:
    workloads, slug = classes(), request.GET.get("workload", "")
    context: dict[str, Any] = {"workloads": workloads}
    envelopes = [envelope for envelope in workloads if slug in ("", envelope.slug)]
    if not envelopes:
        return render(request, EXPLORER.template, context, status=404 if workloads and slug else 200)
    facts = read_facts(envelopes, now=now())
    envelope = opening_class(facts)
    query, error = request.GET, None
    try:
        view = view_of_address(query)
        answer = _placed(facts, envelope, query)
    except BadParameter as refused:
        error, query, view = refused, QueryDict(urlencode({"workload": envelope.slug})), PlacementView()
        answer = _placed(facts, envelope, query)
    context |= {
        "error": error,
        "workload": envelope,
        **_context(answer, view, query),
        **_choices(answer, facts),
    }
    return answers.page(request, EXPLORER.template, context, status=400 if error else 200)


@EXPLORER.reads
def scatter(request: HttpRequest) -> HttpResponse:
    answer, view = _answer_and_view(request.GET)
    return answers.chart(charts.scatter(answer, view))


@EXPLORER.reads
def parallel(request: HttpRequest) -> HttpResponse:
    answer, view = _answer_and_view(request.GET)
    return answers.chart(charts.parallel(answer, view.ranges))


@EXPLORER.reads
def export(request: HttpRequest) -> HttpResponseBase:
    answer, view = _answer_and_view(request.GET)
    columns, table = rows.csv_rows(answer, answer.options_within(view.ranges))
    return answers.csv_file(f"placement-{answer.envelope.slug}", columns, table)


def _placed(facts: PlacementFacts, envelope: Envelope, query: QueryDict) -> PlacementAnswer:
    question = question_of_address(query)
    return weigh(facts.adapter(envelope, question), question)


def _answer_and_view(query: QueryDict) -> tuple[PlacementAnswer, PlacementView]:
    slug = query.get("workload", "")
    envelopes = [envelope for envelope in classes() if slug in ("", envelope.slug)]
    if not envelopes:
        raise BadRequest("workload: no workload class is called that")
    view, facts = view_of_address(query), read_facts(envelopes, now=now())
    return _placed(facts, opening_class(facts), query), view


def _context(answer: PlacementAnswer, view: PlacementView, query: QueryDict) -> dict[str, Any]:
    options, slug = answer.options_within(view.ranges), answer.envelope.slug
    loosen = sentences.limits_to_loosen(answer)
    return {
        "answer": answer,
        "view": view,
        "asked": query,
        # The page may have chosen the class itself.
        "query": query.urlencode() if query.get("workload") else urlencode({"workload": slug}),
        "heads": rows.heads(answer),
        "rows": [rows.row(answer, option) for option in options[: rows.MOST_ROWS]],
        "blank": rows.blank(answer),
        "shown": len(options),
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


def _choices(answer: PlacementAnswer, facts: PlacementFacts) -> dict[str, Any]:
    sites = sorted(answer.options, key=lambda option: option.name)
    return {
        "summary": sentences.changed(answer),
        "carbons": CARBON.items(),
        "sites": [(option.slug, option.name) for option in sites],
        "regions": region_names().items(),
        "residencies": [(group, group) for group in sorted(GROUPS) if group != WORLD],
        "bases": [(basis.id, basis.name) for basis in facts.pack.bases] if facts.pack else [],
        "today": [(slug, answer.sites[slug].name) for slug in answer.today if slug in answer.sites],
        "min_points": "" if answer.envelope.min_score is None else f"{answer.envelope.min_score * 100:g}",
        "weights": [
            (f"w_{each.name}", rows.LABELS[each.name], f"{answer.weights[each.name]:g}")
            for each in answer.objectives
        ],
    }
