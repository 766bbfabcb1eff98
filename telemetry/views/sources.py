"""The page of one source, and the page that shows its token once."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_POST

from telemetry import charts, intake, sentences, snippets, tables
from telemetry.core.labels import IGNORED
from telemetry.models import Replica, Source
from telemetry.replicas import operations
from telemetry.replicas.queries import replica_standings
from telemetry.unit_rules.sentences import rule_words
from web import answers
from web import tables as table_kit
from web.clock import now
from web.links import link, page_url
from web.outside import may_offer
from web.permissions import require
from web.requests import UserRequest, absolute_url
from web.timerange import TimeRange

MAY_CHANGE, MAY_DELETE = "telemetry.change_source", "telemetry.delete_source"
DEFAULT_RANGE = "now-24h"

may_see = require("telemetry.view_source", "telemetry.view_series")


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
        "clock_words": sentences.clock(getattr(source, "status", None)),
        "lag": sentences.lag(row.lag_s),
        "strip": sentences.strip(row),
        **_refusals(source, span),
        "unmatched_count": source.series.unmatched().count(),
        "unmatched_url": link("series-unmatched", source=source.pk),
        "flips": intake.flips(source),
        "replicas": replica_standings(source.replicas.all()),
        **_units(request, source),
        "table": table,
        "time_range": span.context,
        "snippet": snippets.prometheus(source, url=_write_url(request)),
        "may_change": may_offer(request.user, MAY_CHANGE, source),
        "may_import": may_offer(request.user, "telemetry.add_importedfile", source),
        "may_delete": may_offer(request.user, MAY_DELETE, source),
        **_activity_card(source, span),
    }
    return answers.page(request, "telemetry/source.html", context)


def _units(request: HttpRequest, source: Source) -> dict[str, Any]:
    if not request.user.has_perm("telemetry.view_unitrule"):
        return {"may_see_unit_rules": False}
    return {
        "may_see_unit_rules": True,
        "may_add_unit_rule": may_offer(request.user, "telemetry.add_unitrule", source),
        "unit_rules": [(rule, rule_words(rule.sent_unit)) for rule in source.unit_rules.all()],
    }


def _refusals(source: Source, span: TimeRange) -> dict[str, Any]:
    by_reason = [
        (refused, sentences.REASONS.get(refused.reason, ""))
        for refused in intake.refused(source, start=span.start, end=span.end)
    ]
    return {
        "refusals": [each for each in by_reason if each[0].reason not in IGNORED],
        "ignored": [each for each in by_reason if each[0].reason in IGNORED],
    }


def _activity_card(source: Source, span: TimeRange) -> dict[str, str]:
    return {
        "activity_url": link("source-activity-chart", source.pk, **span.query),
        "activity_csv": link("source-activity-csv", source.pk, **span.query),
        "activity_title": span.title("Samples"),
    }


@may_see
@conditional_page
@require_GET
def activity_chart(request: HttpRequest, pk: int) -> HttpResponse:
    span = answers.time_range(request, now=now(), default=DEFAULT_RANGE)
    counted = intake.activity(_source(pk), start=span.start, end=span.end)
    figure = charts.activity(counted, charts.span_of(span.start, span.end))
    figure["meta"]["title"] = span.title("Samples")
    return answers.chart(figure)


@may_see
@require_GET
def activity_csv(request: HttpRequest, pk: int) -> HttpResponse:
    span = answers.time_range(request, now=now(), default=DEFAULT_RANGE)
    source = _source(pk)
    counted = intake.activity(source, start=span.start, end=span.end)
    columns = ["start", "batches", "samples", "rejected", "ignored", "lag_max_s", "clock_skew_s"]
    rows = (
        [
            *(each.start.isoformat(), each.batches, each.samples, each.rejected, each.ignored),
            *(each.lag_max_s, each.clock_skew_s),
        ]
        for each in counted
    )
    return answers.csv_file(f"source-{source.pk}-activity", columns, rows)


@require("telemetry.view_source")
@never_cache
@require_GET
def first_sample(request: HttpRequest, pk: int) -> HttpResponse:
    """Whether a sample arrived since `after` (ms): the page with the token asks every other second."""
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


def token_page(request: HttpRequest, source: Source, token: str, *, heading: str) -> HttpResponse:
    """The response that creates a token: no other page shows it."""
    context = {
        "heading": heading,
        "token": token,
        "snippet": snippets.prometheus(source, url=_write_url(request), token=token),
        **_first_sample(source, now()),
    }
    return render(request, "telemetry/source_token.html", context)


@require_POST
@require("telemetry.view_source", MAY_CHANGE)
def remove_replica(request: UserRequest, pk: int) -> HttpResponse:
    replica = get_object_or_404(Replica.objects.select_related("source"), pk=pk)
    operations.remove_replica(replica, by=request.user, now=now())
    messages.success(request, f"{replica.name} is removed. If it sends again, it is back.")
    return HttpResponseRedirect(f"{reverse('source', args=[replica.source_id])}#replicas")


def _source(pk: int) -> Source:
    return get_object_or_404(intake.sources(), pk=pk)


def _write_url(request: HttpRequest) -> str:
    return absolute_url(request, reverse("write"))
