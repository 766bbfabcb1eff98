"""Metrics of `/metrics` about sources, incoming samples and the inbox.

Writes by status are in `muster_http_requests_total`, under the address to which they came.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count
from prometheus_client import Counter

from telemetry import intake
from telemetry.models import SourceStatus
from web import metrics

if TYPE_CHECKING:
    from telemetry.receive import WriteAnswer  # the door and its formats: 4 MB that the worker does not need

_samples = Counter("muster_telemetry_samples", "Samples accepted")
# Reasons are our own words (core.labels.RefusalReason and those of receive.py), never a sender's.
_refused = Counter("muster_telemetry_refused", "Samples refused, and bodies refused whole", ["reason"])
_duplicates = Counter("muster_telemetry_duplicates", "Bodies that had been taken before")


def count_write(answer: "WriteAnswer", *, address: str, seconds: float) -> None:
    route = address.removeprefix("/")
    metrics.count_request(method="POST", route=route, status=answer.status, seconds=seconds)
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


def _inbox_reader(read: Callable[[intake.InboxBacklog, datetime], float]) -> metrics.Read:
    return lambda now: {(): read(intake.queue(), now)}


def register() -> None:
    metrics.gauge("muster_telemetry_sources", "Sources by state", ("state",), _sources)
    for name, (text, read) in GAUGES.items():
        metrics.gauge(f"muster_telemetry_{name}", text, (), _inbox_reader(read))
