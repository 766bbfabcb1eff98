"""Views of workload classes outside the kit: their YAML, and the end of a placement."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from readiness.demand.workloads import operations, queries
from readiness.demand.workloads.documents import exported
from readiness.demand.workloads.forms import EndForm
from readiness.demand.workloads.kinds import WORKLOADS
from readiness.demand.workloads.models import Placement, WorkloadClass
from readiness.demand.workloads.operations import MAY_END
from web.permissions import require
from web.requests import UserRequest


@require_POST
@require(*WORKLOADS.may, MAY_END)
@never_cache
def end(request: UserRequest, slug: str, pk: int) -> HttpResponse:
    placements = Placement.objects.select_related("workload_class")
    placement = get_object_or_404(placements, pk=pk, workload_class__slug=slug)
    form = EndForm(request.POST)
    if form.is_valid():
        try:
            operations.end_placement(placement, **form.arguments(), by=request.user)
        except ValidationError as error:
            form.refused(error)
    if form.errors:
        messages.error(request, " ".join(str(text) for texts in form.errors.values() for text in texts))
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
