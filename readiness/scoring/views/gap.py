"""The gap: what is deployed and not ready, whose it is, and what would close it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext
from django.views.decorators.http import conditional_page, require_GET

from readiness.scoring import gap_cards, gap_charts, gap_findings, gap_tables
from readiness.scoring.gap_question import FIRST_BLOCKER, BadQuestion, Question, read
from readiness.scoring.queries import gap as queries
from readiness.scoring.queries.closing import Closing, closing
from readiness.scoring.queries.gap import Present
from readiness.scoring.queries.standing import standing_of
from readiness.scoring.views import answers
from readiness.scoring.worklist import queries as worklist
from web import tables as table_kit
from web.clock import now
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
    found = queries.present(question, now=at)
    held = closing(found.known, target=question.target, measure=question.measure)
    plan = "checks" if request.GET.get("plan") == "checks" else "sites"
    table = _table(request, held, found, plan)
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/gap.html", table)
    span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
    address = gap_cards.address_of(request)
    context: dict[str, Any] = {
        "time_range": span.context,
        "has_sites": bool(found.known.sites),
        "filters": gap_cards.filter_panel(question, address, regions),
        "table": table,
        "plan": plan,
        "breadcrumbs": [
            {"label": gettext("Readiness"), "url": gap_cards.link("readiness")},
            {"label": gettext("Gap"), "url": ""},
        ],
        **gap_cards.switches(question, address, plan),
        **gap_cards.chart_urls(question, address, span.query),
        **_present(question, found, address),
        **_closing(question, held, address),
    }
    return answers.page(request, "readiness/gap.html", context)


@may_see
@conditional_page
@require_GET
def over_time_chart(request: HttpRequest, form: str) -> HttpResponse:
    question, span, at = _asked(request)
    found = queries.over_time(question, start=span.start, end=span.end, now=at)
    return answers.chart(gap_charts.gap_over_time(found, now=at, measure=question.measure), form)


@may_see
@conditional_page
@require_GET
def by_group_chart(request: HttpRequest, form: str) -> HttpResponse:
    question, span, at = _asked(request, by=FIRST_BLOCKER)
    groups = queries.groups_over_time(question, start=span.start, end=span.end, now=at)
    finding = gap_findings.moved(groups, measure=question.measure)
    return answers.chart(gap_charts.by_group(groups, measure=question.measure, finding=finding), form)


@may_see
@conditional_page
@require_GET
def closing_chart(request: HttpRequest, form: str) -> HttpResponse:
    question, _span, at = _asked(request)
    known = standing_of(queries.sites_of(question), now=at)
    held = closing(known, target=question.target, measure=question.measure)
    figure = gap_charts.closing(
        held.curve,
        held.plan,
        measure=question.measure,
        held=held.capacity,
        finding=gap_findings.at_best(held, question.checks),
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


def _present(question: Question, found: Present, address: gap_cards.Address) -> dict[str, Any]:
    groups = queries.present_groups(question, found.known)
    return {
        "kpis": gap_cards.key_figures(found, question.measure),
        **gap_cards.headline(found, question.measure),
        "sentences": gap_cards.sentences(found, question.measure),
        "over_time_legend": gap_cards.legend(),
        "bars": gap_cards.bars(groups, question, address),
        "more_groups": max(len(groups) - gap_cards.MOST_BARS, 0),
        "largest": gap_findings.largest(groups, found.known.gap, measure=question.measure),
    }


def _closing(question: Question, held: Closing, address: gap_cards.Address) -> dict[str, Any]:
    told = [
        gap_findings.single_check(held),
        gap_findings.first_steps(held),
        gap_findings.at_best(held, question.checks),
        gap_findings.beyond(held),
    ]
    return {
        "closing_rule": gap_findings.target(question.target),
        "closing_told": [sentence for sentence in told if sentence],
        "closing_legend": gap_cards.closing_legend(),
        "checks": question.checks,
        "checks_hidden": [pair for pair in address.pairs if pair[0] not in ("checks", "page")],
    }


def _table(request: HttpRequest, held: Closing, found: Present, plan: str) -> TablePage:
    """Rows of the plan can be put on the worklist by those who may add to it."""
    measure = held.measure
    may_add = request.user.has_perm("scoring.add_workitem")
    actions = gap_tables.actions(may_add=may_add, query=gap_cards.asked_of(request))
    listed = worklist.listed()
    if plan == "checks":
        lines: list[Any] = list(gap_tables.check_lines(held, listed))
        return table_kit.page(request, gap_tables.check_table(measure), lines, actions=actions)
    verdicts = {site.site: site.verdict or "" for site in found.known.capacity.values()}
    lines = list(gap_tables.plan_lines(held, verdicts, listed))
    return table_kit.page(request, gap_tables.plan_table(measure), lines, actions=actions)
