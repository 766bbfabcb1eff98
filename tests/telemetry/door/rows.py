"""Tables of requests: what the running server answers to each, and what of it is stored."""

from dataclasses import dataclass, field

from django.db import connection
from django.test import override_settings

from telemetry import drain
from telemetry.models import InboxBatch, Rejection
from tests.telemetry.sending import stored

EMPTY = "TRUNCATE telemetry_samplebatch, telemetry_inboxbatch, telemetry_bodydigest, telemetry_rejection"


@dataclass
class Request:
    """A body, the status and the refusals that answer it, and the values stored, in order of metric and time."""

    body: bytes
    status: int
    stored: list[float | None] = field(default_factory=list)
    rejected: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str | None] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)


def faults(requests, post, sender):
    """Post each request twice, and return the faults of its answers. The second post must add nothing."""
    return [
        f"{name}: {fault}"
        for name, request in requests.items()
        for fault in _faults_of(request, post, sender)
    ]


def _faults_of(request, post, sender):
    with connection.cursor() as cursor:
        cursor.execute(EMPTY)
    with override_settings(**request.limits):
        status, headers, says = post(request.body, request.headers)
        counted = dict(Rejection.objects.values_list("reason", "count"))
        again, *_ = post(request.body, request.headers)
    accepted = sum(InboxBatch.objects.values_list("samples", flat=True))
    drain.drain(now=sender.clock.at)
    values = [value for _, _, value in stored()]
    if (status, again) != (request.status, request.status):
        yield f"answered {status}, again {again}, not {request.status}: {says}"
    if counted != request.rejected:
        yield f"refused {counted}, not {request.rejected}: {says}"
    if values != request.stored:
        yield f"stored {values}, not {request.stored}: {says}"
    if accepted < len(values):
        yield f"accepted {accepted} and stored {len(values)}"
    if "x-request-id" not in headers:
        yield "no id of the request"
