"""One source: added, shown, changed, paused, deleted. Its token is shown on the page after its making, nowhere else."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods, require_POST

from telemetry import charts, intake, operations, sentences, snippets, tables
from telemetry.forms import SourceForm
from telemetry.models import Source
from web import answers
from web import tables as table_kit
from web.clock import now
from web.links import link, page_url
from web.permissions import require
from web.timerange import TimeRange

MAY_CHANGE, MAY_DELETE = "telemetry.change_source", "telemetry.delete_source"
DEFAULT_RANGE = "now-24h"

may_see = require("telemetry.view_source", "telemetry.view_series")
may_change = require("telemetry.view_source", MAY_CHANGE)


@may_see
@conditional_page
@require_GET
def page(request: HttpRequest, pk: int) -> HttpResponseBase:
    at = now()
    source = _source(pk)
    table = table_kit.page(request, tables.series_table(source), intake.series().filter(source=source))
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "telemetry/source.html", table)
    span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
    [row] = intake.rows([source], now=at)
    context = {
        "source": source,
        "row": row,
        "now": at,
        "site_url": page_url(source.site) if source.site else "",
        "history_url": link("history", model="telemetry.source", id=source.pk),
        "clock": row.state if row.state in sentences.CLOCKS else "",
        "lag": sentences.lag(row.lag_s),
        "strip": sentences.strip(row),
        "refusals": [
            (refused, sentences.REASONS.get(refused.reason, ""))
            for refused in intake.refused(source, start=span.start, end=span.end)
        ],
        "flips": intake.flips(source),
        "table": table,
        "time_range": span.context,
        "snippet": snippets.prometheus(source, url=_write_url(request)),
        "may_change": request.user.has_perm(MAY_CHANGE),
        "may_delete": request.user.has_perm(MAY_DELETE),
        **_activity_card(source, span),
    }
    return answers.page(request, "telemetry/source.html", context)


def _activity_card(source: Source, span: TimeRange) -> dict[str, str]:
    return {
        "activity_url": link("source-activity-chart", source.pk, **span.query),
        "activity_csv": link("source-activity-csv", source.pk, **span.query),
        "activity_title": span.named("Samples"),
    }


@may_see
@conditional_page
@require_GET
def activity_chart(request: HttpRequest, pk: int) -> HttpResponse:
    span = answers.time_range(request, now=now(), default=DEFAULT_RANGE)
    counted = intake.activity(_source(pk), start=span.start, end=span.end)
    figure = charts.activity(counted, charts.span_of(span.start, span.end))
    figure["meta"]["title"] = span.named("Samples")
    return answers.chart(figure)


@may_see
@require_GET
def activity_csv(request: HttpRequest, pk: int) -> HttpResponse:
    span = answers.time_range(request, now=now(), default=DEFAULT_RANGE)
    source = _source(pk)
    counted = intake.activity(source, start=span.start, end=span.end)
    columns = ["start", "batches", "samples", "rejected", "lag_max_s"]
    rows = (
        [each.start.isoformat(), each.batches, each.samples, each.rejected, each.lag_max_s]
        for each in counted
    )
    return answers.csv_file(f"source-{source.pk}-activity", columns, rows)


@require("telemetry.view_source", "telemetry.add_source")
@never_cache
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    form = SourceForm(request.POST or None, initial=_asked_site(request))
    if request.method == "POST" and form.is_valid():
        at = now()
        try:
            source, token = operations.create_source(**form.cleaned_data, by=request.user, now=at)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _token_page(request, source, token, at, heading=f"Connect {source}")
    here = "Add a source"
    context = {"form": form, "heading": here, "submit": here, "cancel_url": reverse("ingest")}
    status = 422 if form.errors else 200
    return _form_page(request, context, status)


def _asked_site(request: HttpRequest) -> dict[str, Any]:
    """`?site=<id>` picks the site, for links from a site's page."""
    site = request.GET.get("site", "")
    return {"site": site} if site.isascii() and site.isdecimal() else {}


@may_change
@never_cache
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    source = _source(pk)
    form = SourceForm(request.POST or None, instance=_source(pk))
    if request.method == "POST" and form.is_valid():
        try:
            operations.update_source(source, changes=form.cleaned_data, by=request.user, now=now())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"{source} is changed.")
            return HttpResponseRedirect(reverse("source", args=[pk]))
    context = {
        "form": form,
        "heading": f"Change {source}",
        "cancel_url": reverse("source", args=[pk]),
        "source": source,
    }
    return _form_page(request, context, 422 if form.errors else 200)


def _form_page(request: HttpRequest, context: dict[str, Any], status: int) -> HttpResponse:
    return render(request, "telemetry/source_form.html", context, status=status)


@require_POST
@may_change
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    source = _source(pk)
    operations.pause_source(source, by=request.user, now=now())
    messages.success(request, f"{source} is paused: what it sends is refused.")
    return HttpResponseRedirect(reverse("source", args=[pk]))


@require_POST
@may_change
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    source = _source(pk)
    operations.resume_source(source, by=request.user, now=now())
    messages.success(request, f"{source} may send again.")
    return HttpResponseRedirect(reverse("source", args=[pk]))


@require_POST
@may_change
@never_cache
def rotate_token(request: HttpRequest, pk: int) -> HttpResponse:
    source = _source(pk)
    at = now()
    token = operations.rotate_token(source, by=request.user, now=at)
    heading = f"New token of {source}"
    return _token_page(request, source, token, at, heading=heading)


@require_POST
@require("telemetry.view_source", MAY_DELETE)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    source = _source(pk)
    operations.delete_source(source, by=request.user, now=now())
    messages.success(request, f"{source} is deleted.")
    return HttpResponseRedirect(reverse("ingest"))


@require("telemetry.view_source")
@never_cache
@require_GET
def first_sample(request: HttpRequest, pk: int) -> HttpResponse:
    """Whether a sample came since `after` (ms): asked every other second by the page that shows the token."""
    text = request.GET.get("after", "")
    after = datetime.fromtimestamp(int(text) / 1000, UTC) if text.isdecimal() and len(text) < 14 else now()
    return render(request, "telemetry/first_sample.html", _first_sample(_source(pk), after))


def _first_sample(source: Source, after: datetime) -> dict[str, Any]:
    status = getattr(source, "status", None)
    received_at = status.last_received_at if status else None
    return {
        "source": source,
        "seen_at": received_at if received_at is not None and received_at >= after else None,
        "series": source.series.count(),
        "poll_url": link("source-first-sample", source.pk, after=int(after.timestamp() * 1000)),
    }


def _token_page(
    request: HttpRequest, source: Source, token: str, at: datetime, *, heading: str
) -> HttpResponse:
    context = {
        "heading": heading,
        "token": token,
        "snippet": snippets.prometheus(source, url=_write_url(request), token=token),
        **_first_sample(source, at),
    }
    return render(request, "telemetry/source_token.html", context)


def _source(pk: int) -> Source:
    return get_object_or_404(intake.sources(), pk=pk)


def _write_url(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("remote-write"))
