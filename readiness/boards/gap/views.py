"""The gap: what is deployed and not ready, whose it is, and what would close it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import conditional_page, require_GET

from readiness.boards.gap import cards, charts, findings, tables
from readiness.golive.worklist import queries as worklist
from readiness.golive.worklist.params import BadQuestion, read
from readiness.scoring.gap import queries
from readiness.scoring.gap.closing import Closing, closing
from readiness.scoring.gap.queries import Present
from readiness.scoring.gap.selection import FIRST_BLOCKER, Question
from web import answers
from web import tables as table_kit
from web.clock import now
from web.links import link
from web.permissions import require
from web.tables import TablePage
from web.timerange import TimeRange

DEFAULT_RANGE = "now-365d"

may_see = require("inventory.view_site", "scoring.view_sitescore")


@may_see
@conditional_page
@require_GET
def page(request: HttpRequest) -> HttpResponseBase:
    at = now()
    regions = queries.regions()
    question = _question(request, regions)
    present = queries.present(question, queries.with_past(question, now=at))
    held = closing(present.known, target=question.target, measure=question.measure)
    plan = "checks" if request.GET.get("plan") == "checks" else "sites"
    table = _table(request, held, present, plan)
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/gap.html", table)
    span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
    address = cards.address_of(request)
    context: dict[str, Any] = {
        "time_range": span.context,
        "has_sites": bool(present.known.sites),
        "filters": cards.filter_panel(question, address, regions),
        "table": table,
        "plan": plan,
        "breadcrumbs": [
            {"label": "Readiness", "url": link("readiness")},
            {"label": "Gap", "url": ""},
        ],
        **cards.switches(question, address, plan),
        **cards.chart_urls(question, address, span.query),
        **_present(question, present, address),
        **_closing(question, held, address),
    }
    return answers.page(request, "readiness/gap.html", context)


@may_see
@conditional_page
@require_GET
def over_time_chart(request: HttpRequest, form: str) -> HttpResponse:
    question, span, at = _asked(request)
    sites = queries.with_past(question, now=at)
    history = queries.over_time(question, sites, start=span.start, end=span.end)
    return answers.chart(charts.gap_over_time(history, now=at, measure=question.measure), form)


@may_see
@conditional_page
@require_GET
def by_group_chart(request: HttpRequest, form: str) -> HttpResponse:
    question, span, at = _asked(request, by=FIRST_BLOCKER)
    sites = queries.with_past(question, now=at)
    groups = queries.groups_over_time(question, sites, start=span.start, end=span.end)
    finding = findings.moved(groups, measure=question.measure)
    return answers.chart(charts.by_group(groups, measure=question.measure, finding=finding), form)


@may_see
@conditional_page
@require_GET
def closing_chart(request: HttpRequest, form: str) -> HttpResponse:
    question, _span, at = _asked(request)
    known = queries.asked(question, now=at)
    held = closing(known, target=question.target, measure=question.measure)
    figure = charts.closing(
        held.curve,
        held.plan,
        measure=question.measure,
        held=held.capacity,
        finding=findings.at_best(held, question.checks),
    )
    return answers.chart(figure, form)


def _question(request: HttpRequest, regions: dict[str, str], *, by: str = FIRST_BLOCKER) -> Question:
    try:
        return read(request.GET, regions=regions, by=by)
    except BadQuestion as error:
        raise BadRequest(str(error)) from error


def _asked(request: HttpRequest, *, by: str = "") -> tuple[Question, TimeRange, datetime]:
    """The question, the range and the present instant of a chart's address. Regions are read where one is named."""
    at = now()
    question = _question(request, queries.regions() if "region" in request.GET else {}, by=by)
    span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
    return question, span, at


def _present(question: Question, present: Present, address: cards.Address) -> dict[str, Any]:
    groups = queries.present_groups(question, present.known)
    return {
        "kpis": cards.key_figures(present, question.measure),
        **cards.headline(present, question.measure),
        "sentences": cards.sentences(present, question.measure),
        "over_time_legend": cards.legend(),
        "bars": cards.bars(groups, question, address),
        "more_groups": max(len(groups) - cards.MOST_BARS, 0),
        "largest": findings.largest(groups, present.known.gap, measure=question.measure),
    }


def _closing(question: Question, held: Closing, address: cards.Address) -> dict[str, Any]:
    sentences = [
        findings.single_check(held),
        findings.first_steps(held),
        findings.at_best(held, question.checks),
        findings.beyond(held),
    ]
    return {
        "closing_rule": findings.target(question.target),
        "closing_findings": [sentence for sentence in sentences if sentence],
        "closing_legend": cards.closing_legend(),
        "checks": question.checks,
        "checks_hidden": [pair for pair in address.pairs if pair[0] not in ("checks", "page")],
    }


def _table(request: HttpRequest, held: Closing, present: Present, plan: str) -> TablePage:
    """Rows of the plan can be put on the worklist by those who may add to it."""
    measure = held.measure
    may_add = request.user.has_perm("golive.add_workitem")
    actions = tables.actions(may_add=may_add, query=cards.asked_of(request))
    listed = worklist.listed()
    if plan == "checks":
        lines: list[Any] = list(tables.check_lines(held, listed))
        return table_kit.page(request, tables.check_table(measure), lines, actions=actions)
    verdicts = {site.site: site.verdict or "" for site in present.known.capacity.values()}
    lines = list(tables.plan_lines(held, verdicts, listed))
    return table_kit.page(request, tables.plan_table(measure), lines, actions=actions)
