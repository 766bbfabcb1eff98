"""The ingest status: every source, the queue, the workers, and the series that describe nothing known."""

from collections.abc import Sequence
from datetime import datetime

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import conditional_page, require_GET

from telemetry import cards, intake, tables
from web import answers, workers
from web import tables as table_kit
from web.clock import now
from web.permissions import require

MAY_ADD = "telemetry.add_source"
MAY_DECIDE = "telemetry.change_source"
UNMATCHED_SHOWN = 6
SET_ASIDE_SHOWN = 20

may_see = require("telemetry.view_source", "telemetry.view_series")


@may_see
@conditional_page
@require_GET
def overview(request: HttpRequest) -> HttpResponseBase:
    at = now()
    # The key figures are of all sources: those of the table's page are among them.
    rows = intake.rows(intake.sources(), now=at)
    page = _sources(request, rows, at)
    if table_kit.wants_table_only(request, page):
        return table_kit.respond(request, "telemetry/ingest.html", page)
    unmatched = intake.series().unmatched()
    count = unmatched.count()
    context = {
        "table": page,
        "any_source": bool(rows),
        "may_add": request.user.has_perm(MAY_ADD),
        "kpis": cards.key_figures(rows, intake.queue(), workers.seen(now=at), unmatched=count, now=at),
        "unmatched_count": count,
        "set_aside": cards.set_aside(intake.set_aside()[:SET_ASIDE_SHOWN]),
        "to_hand_over": cards.to_hand_over(rows),
        "may_decide": request.user.has_perm(MAY_DECIDE),
        "unmatched": cards.unmatched(unmatched.order_by("-first_seen_at", "-pk")[:UNMATCHED_SHOWN]),
    }
    return answers.page(request, "telemetry/ingest.html", context)


@may_see
@conditional_page
@require_GET
def unmatched(request: HttpRequest) -> HttpResponseBase:
    page = table_kit.page(request, tables.UNMATCHED, intake.series().unmatched())
    context = {"breadcrumbs": cards.breadcrumbs(None, here="Unmatched series")}
    return table_kit.respond(request, "telemetry/unmatched.html", page, context)


@may_see
@conditional_page
@require_GET
def series(request: HttpRequest) -> HttpResponseBase:
    page = table_kit.page(request, tables.series_table(), intake.series())
    context = {"breadcrumbs": cards.breadcrumbs(None, here="Series")}
    return table_kit.respond(request, "telemetry/series.html", page, context)


def _sources(request: HttpRequest, rows: Sequence[intake.Intake], at: datetime) -> table_kit.TablePage:
    by_source = {row.source.pk: row for row in rows}
    sources = intake.with_refusals(intake.sources(), now=at).filter(pk__in=by_source)
    table = tables.source_table(now=at, add_url=_add_url(request))
    return table_kit.page(
        request, table, sources, prepare=lambda page: [by_source[source.pk] for source in page]
    )


def _add_url(request: HttpRequest) -> str:
    return reverse("source-add") if request.user.has_perm(MAY_ADD) else ""
