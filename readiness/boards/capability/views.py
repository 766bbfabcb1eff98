"""The capability gap: growth of capacity against growth of qualified people, and what would close it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from readiness.assessment.scoring.queries.capacity import check_name
from readiness.boards.capability import charts, queries, sentences, tables
from readiness.boards.capability.closing import CHECK, closing, put_on_worklist
from readiness.boards.capability.params import BY, read
from readiness.boards.gap import sentences as gap_sentences
from readiness.golive.worklist import operations as worklist
from readiness.golive.worklist.params import MEASURES
from readiness.organisation.people.operations import MAY_ASSIGN
from web import tables as table_kit
from web.charts import Figure
from web.clock import now
from web.links import link
from web.permissions import require
from web.reports import Report, chart_urls, choices
from web.tables import TablePage
from web.tables.addresses import Address
from web.timerange import BadParameter
from web.units import how_many
from web.visibility import sees_names
from web.workflows.pages import reader

MAY_SEE = ("inventory.view_site", "scoring.view_sitescore", "people.view_team")
CAPABILITY = Report("readiness/capability/page.html", *MAY_SEE)


@CAPABILITY.page
def page(request: HttpRequest) -> tuple[TablePage, Any]:
    question, at = read(request.GET), now()
    standing = queries.capability_standing(question, now=at)
    address = Address(request, path=request.path, filters=("region", "site"))

    def context() -> dict[str, Any]:
        whole = queries.whole(standing)
        history = queries.history(standing, question.measure)
        outcome = closing(question, standing)
        return {
            "subject": question,
            "row": whole,
            "capability": gap_sentences.staff_growth_gap(whole.gap if whole else None),
            "finding": gap_sentences.capability(whole.gap if whole else None),
            "covers": sentences.covers(whole) if whole else "",
            "over_time": sentences.growth_finding(history),
            "footer": f"Projection: {history.method}" if history.method else "",
            "chart": chart_urls("capability-chart", **question.query),
            "api_url": link("people-gap", **question.query, by=question.by),
            "closing": outcome,
            "check": check_name(standing.fleet.framework, CHECK),
            "closing_sentences": sentences.closing(outcome),
            "names": sees_names(request.user),
            "may_assign": sees_names(request.user) and request.user.has_perm(MAY_ASSIGN),
            "may_add": bool(outcome.plan.covered) and request.user.has_perm(worklist.MAY_ADD),
            "plan_url": link("capability-plan", **question.query),
            "measure_views": choices(
                MEASURES.items(), question.measure, lambda name: address.anew(measure=name)
            ),
            "by_views": choices(BY.items(), question.by, lambda name: address.anew(by=name)),
            "kept": [pair for pair in address.pairs if pair[0] not in ("trainings", "page")],
            **question.others("capability", {"by": question.by}),
        }

    rows = queries.rows(standing, question.by)
    return table_kit.page(request, tables.growth_table(question.by), rows), context


@CAPABILITY.chart
def chart(request: HttpRequest) -> Figure:
    question = read(request.GET)
    return charts.growth(
        queries.history(queries.capability_standing(question, now=now()), question.measure), question.measure
    )


@require_POST
@require(*MAY_SEE, worklist.MAY_ADD)
def plan(request: HttpRequest) -> HttpResponse:
    """Put the plan of this address on the worklist."""
    try:
        question = read(request.GET)
    except BadParameter as error:
        raise BadRequest(str(error)) from error
    outcome = closing(question, queries.capability_standing(question, now=now()))
    try:
        added = put_on_worklist(outcome, by=reader(request), now=now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(link("capability", **question.query))
    messages.success(request, f"{how_many(added, 'item is', 'items are')} added.")
    return redirect("worklist")
