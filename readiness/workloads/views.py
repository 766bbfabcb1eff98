"""Actions on workload classes that no kit makes: their YAML, and the end of a placement."""

from datetime import date

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.dateparse import parse_date
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from readiness.workloads import operations, queries
from readiness.workloads.documents import exported
from readiness.workloads.kinds import WORKLOADS
from readiness.workloads.models import Placement, WorkloadClass
from readiness.workloads.operations import MAY_END
from web.clock import now
from web.permissions import require
from web.requests import UserRequest


@require_POST
@require(*WORKLOADS.may, MAY_END)
@never_cache
def end(request: UserRequest, slug: str, pk: int) -> HttpResponse:
    placements = Placement.objects.select_related("workload_class")
    placement = get_object_or_404(placements, pk=pk, workload_class__slug=slug)
    try:
        operations.end_placement(placement, on=_day(request), by=request.user, now=now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "The placement ends; the site is scored again.")
    return redirect(WORKLOADS.url("detail", placement.workload_class))


@require(*WORKLOADS.may)
@never_cache
@require_GET
def export(request: HttpRequest, slug: str = "") -> HttpResponse:
    classes = queries.whole(WorkloadClass.objects.order_by("slug"))
    if slug:
        return exported([get_object_or_404(classes, slug=slug)], slug)
    return exported(classes, "workloads")


def _day(request: HttpRequest) -> date | None:
    given = request.POST.get("ended_on", "")
    try:
        day = parse_date(given) if given else None
    except ValueError:
        day = None
    if given and day is None:
        raise BadRequest("ended_on: expected a day such as 2026-11-25")
    return day
