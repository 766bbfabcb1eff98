"""Actions on batches that were set aside, on the ingest page."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from telemetry import operations
from web.clock import now
from web.permissions import require
from web.requests import UserRequest
from web.units import how_many

may_decide = require("telemetry.view_source", "telemetry.change_source")


@require_POST
@may_decide
def retry(request: UserRequest, pk: int) -> HttpResponse:
    return _decided(request, pk, operations.retry_batch, "The batch is in the queue again.")


@require_POST
@may_decide
def retry_all(request: UserRequest) -> HttpResponse:
    count = operations.retry_all(by=request.user, now=now())
    messages.success(request, f"{how_many(count, 'batch is', 'batches are')} in the queue again.")
    return _back()


@require_POST
@may_decide
def discard(request: UserRequest, pk: int) -> HttpResponse:
    return _decided(request, pk, operations.discard_batch, "The batch and its samples are deleted.")


def _decided(request: UserRequest, pk: int, decide: Callable[..., None], done: str) -> HttpResponse:
    try:
        decide(pk, by=request.user, now=now())
        messages.success(request, done)
    except operations.NotSetAside:
        messages.warning(request, "Somebody has already decided about this batch.")
    return _back()


def _back() -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse('ingest')}#set-aside")
