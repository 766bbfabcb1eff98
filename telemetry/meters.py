"""Metrics of `/metrics` about sources, incoming samples and the inbox.

Writes by status are in `muster_http_requests_total`, under the address to which they came.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Count, Sum
from prometheus_client import Counter

from telemetry import intake
from telemetry.core.labels import IGNORED
from telemetry.models import Rejection, SourceStatus
from web import metrics
from web.metrics import GaugeFamily, Values

if TYPE_CHECKING:
    from telemetry.formats import WriteAnswer  # the door and its formats: 4 MB that the worker does not need

_samples = Counter("muster_telemetry_samples", "Samples accepted")
# Reasons are our own words (core.labels.RefusalReason and those of receive.py), never a sender's.
_refused = Counter("muster_telemetry_refused", "Samples refused, and bodies refused whole", ["reason"])
_duplicates = Counter("muster_telemetry_duplicates", "Bodies that had been taken before")


def count_write(answer: "WriteAnswer", *, address: str, status: int, seconds: float) -> None:
    route = address.removeprefix("/")
    metrics.count_request(method="POST", route=route, status=status, seconds=seconds)
    if answer.duplicate:
        _duplicates.inc()
        return
    _samples.inc(answer.stored)
    for reason, count in answer.rejected.items():
        _refused.labels(reason).inc(count)


GAUGES: dict[str, tuple[str, Callable[[intake.InboxBacklog, datetime], float]]] = {
    "inbox_batches": ("Batches accepted and not yet stored", lambda inbox, now: inbox.batches),
    "inbox_bytes": ("Bytes of the batches that wait", lambda inbox, now: inbox.size_bytes),
    "inbox_oldest_seconds": (
        "Age of the oldest batch that waits, 0 when none does",
        lambda inbox, now: inbox.age_s(now),
    ),
    "set_aside_batches": (
        "Batches set aside because they cannot be stored",
        lambda inbox, now: inbox.failed,
    ),
}


def _sources(now: datetime) -> dict[tuple[str, ...], float]:
    states = SourceStatus.objects.order_by().values_list("state").annotate(Count("pk"))
    return {(state,): count for state, count in states}


def _ignored(now: datetime) -> dict[tuple[str, ...], float]:
    today = Rejection.objects.filter(on_date=now.astimezone(UTC).date(), reason__in=IGNORED).order_by()
    return {(reason,): count for reason, count in today.values_list("reason").annotate(Sum("count"))}


OF_SOURCES = (
    GaugeFamily(
        "muster_telemetry_source_state", "1 for the state of the source", ("source", "site", "state")
    ),
    GaugeFamily(
        "muster_telemetry_source_heard_timestamp_seconds", "Heard from until, since 1970", ("source", "site")
    ),
    GaugeFamily(
        "muster_telemetry_source_refused_today",
        "Samples refused since 0:00 UTC",
        ("source", "site", "reason"),
    ),
)


def _figures_of_sources(now: datetime) -> Mapping[str, Values]:
    # A fixed order names the same sources at each scrape.
    rows = SourceStatus.objects.select_related("source__site").order_by("source__name")
    statuses = {status.source_id: status for status in rows[: settings.METRICS_SITES]}
    labels = {
        source_id: (status.source.name, status.source.site.slug if status.source.site else "")
        for source_id, status in statuses.items()
    }
    today = Rejection.objects.filter(source__in=labels, on_date=now.astimezone(UTC).date())
    refusals = today.exclude(reason__in=IGNORED).order_by()
    state, heard, refused = (family.name for family in OF_SOURCES)
    return {
        state: {(*labels[source_id], status.state): 1 for source_id, status in statuses.items()},
        heard: {
            labels[source_id]: status.heard_at.timestamp()
            for source_id, status in statuses.items()
            if status.heard_at
        },
        refused: {
            (*labels[source_id], reason): count
            for source_id, reason, count in refusals.values_list("source_id", "reason", "count")
        },
    }


def _inbox_reader(read: Callable[[intake.InboxBacklog, datetime], float]) -> metrics.Read:
    return lambda now: {(): read(intake.queue(), now)}


def register() -> None:
    metrics.gauge("muster_telemetry_sources", "Sources by state", ("state",), _sources)
    metrics.gauge(
        "muster_telemetry_ignored_today",
        "Samples of this UTC day that were no readings",
        ("reason",),
        _ignored,
    )
    for name, (text, read) in GAUGES.items():
        metrics.gauge(f"muster_telemetry_{name}", text, (), _inbox_reader(read))
    metrics.gauges(OF_SOURCES, _figures_of_sources)
