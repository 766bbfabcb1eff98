"""The ingest status: every source, the queue, the workers, and the unmatched series."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import conditional_page, require_GET

from telemetry import intake, links, sentences, tables
from telemetry.kinds import SOURCES
from telemetry.models import MappingRule, SourceState
from telemetry.sentences import why_unmatched
from web import answers, scopes, workers
from web import tables as table_kit
from web.clock import now
from web.permissions import require

MAY_ADD = "telemetry.add_source"
MAY_DECIDE = "telemetry.change_source"
MAY_MAP = "telemetry.add_mappingrule"
UNMATCHED_SHOWN = 6
SET_ASIDE_SHOWN = 20
LOST_SHOWN = 20
# Seconds of waiting in the queue that count as a warning, and as bad.
QUEUE_WARN_S, QUEUE_BAD_S = 30, 300

may_see = require("telemetry.view_source", "telemetry.view_series")


@may_see
@conditional_page
@require_GET
def overview(request: HttpRequest) -> HttpResponseBase:
    at = now()
    # The key figures cover all sources, including those on the table's page.
    rows = intake.rows(intake.sources(), now=at)
    page = _sources(request, rows, at)
    if table_kit.wants_table_only(request, page):
        return table_kit.respond(request, "telemetry/ingest.html", page)
    unmatched = intake.unmatched_series()
    context = {
        "table": page,
        "any_source": bool(rows),
        "may_add": request.user.has_perm(MAY_ADD),
        "unmatched_count": unmatched.count(),
        "lost_samples": [
            (block, series, links.series_url(series))
            for block, series in intake.lost_samples(most=LOST_SHOWN)
        ],
        "set_aside": list(intake.set_aside()[:SET_ASIDE_SHOWN]),
        "to_hand_over": [row.source for row in rows if row.source.lost_owner],
        "may_decide": request.user.has_perm(MAY_DECIDE),
        "unmatched": [
            (series, links.series_url(series), why_unmatched(series))
            for series in unmatched.order_by("-first_seen_at", "-pk")[:UNMATCHED_SHOWN]
        ],
        **_figures(rows, at),
    }
    return answers.page(request, "telemetry/ingest.html", context)


@may_see
@conditional_page
@require_GET
def unmatched(request: HttpRequest) -> HttpResponseBase:
    may_map = request.user.has_perm(MAY_MAP) and scopes.may_add(MappingRule)
    page = table_kit.page(request, tables.unmatched_table(may_map=may_map), intake.unmatched_series())
    return table_kit.respond(request, "telemetry/unmatched.html", page, {"may_map": may_map})


@may_see
@conditional_page
@require_GET
def series(request: HttpRequest) -> HttpResponseBase:
    page = table_kit.page(request, tables.series_table(), intake.series())
    return table_kit.respond(request, "telemetry/series.html", page)


def _figures(rows: list[intake.Intake], at: datetime) -> dict[str, Any]:
    states = Counter(row.state for row in rows)
    queue, alive = intake.queue(), workers.seen(now=at)
    waited_s = queue.age_s(at)
    return {
        "now": at,
        "rows": rows,
        "on_time": states[SourceState.ON_TIME],
        "states": sentences.states_of(rows),
        "sources_tone": "bad" if states[SourceState.SILENT] else "warn" if states[SourceState.LATE] else "",
        "rate": sum(row.samples_per_s or 0 for row in rows),
        "samples_24h": sum(row.samples_24h for row in rows),
        "queue": queue,
        "queue_tone": "bad"
        if queue.failed or waited_s >= QUEUE_BAD_S
        else "warn"
        if waited_s >= QUEUE_WARN_S
        else "",
        "workers": alive,
        "beat_at": max((worker.seen_at for worker in alive), default=None),
        "refused": sum(row.rejected_24h for row in rows),
        "refusing": sum(row.rejected_24h > 0 for row in rows),
    }


def _sources(request: HttpRequest, rows: Sequence[intake.Intake], at: datetime) -> table_kit.TablePage:
    by_source = {row.source.pk: row for row in rows}
    sources = intake.annotate_refusals(intake.sources(), now=at).filter(pk__in=by_source)
    return table_kit.page(
        request, SOURCES.table, sources, prepare=lambda page: [by_source[source.pk] for source in page]
    )
