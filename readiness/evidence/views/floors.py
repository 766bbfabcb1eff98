"""Floors: the list, one set, changed or removed, and those of a configuration."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods, require_POST

from readiness.evidence import lines, operations, tables
from readiness.evidence.core.parsers import ParseError
from readiness.evidence.forms import ConfigurationForm, FloorForm
from readiness.evidence.models import Floor
from readiness.evidence.refusals import EvidenceRefused
from readiness.evidence.uploads import content_of, sender_of
from readiness.evidence.views.records import form_page, listed
from web.clock import now
from web.permissions import require

MAY_ADD, MAY_CHANGE, MAY_DELETE = "evidence.add_floor", "evidence.change_floor", "evidence.delete_floor"


@require("evidence.view_floor")
@conditional_page
@require_GET
def page(request: HttpRequest) -> HttpResponseBase:
    may = request.user.has_perm(MAY_ADD)
    add = ("floor-add", "Set a floor") if may else None
    many = ("floors-import", "Import a configuration") if may else None
    sub = "What a platform must reach in a tool's measure"
    table = tables.floors(may_change=request.user.has_perm(MAY_CHANGE))
    return listed(request, "floors", table, Floor.objects.all(), "Floors", sub, add, many)


@require("evidence.view_floor", MAY_ADD)
@never_cache
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    form = FloorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "The floor is set; sites with such runs are scored again.")
        return HttpResponseRedirect(reverse("floors"))
    return form_page(request, form, "Set a floor", "floors")


@require("evidence.view_floor", MAY_CHANGE)
@never_cache
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    floor = get_object_or_404(Floor, pk=pk)
    form = FloorForm(request.POST or None, instance=floor)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "The floor is changed; sites with such runs are scored again.")
        return HttpResponseRedirect(reverse("floors"))
    heading = "Change a floor"
    context = {
        "form": form,
        "heading": heading,
        "submit": "Save",
        "cancel_url": reverse("floors"),
        "delete_url": reverse("floor-delete", args=[pk]) if request.user.has_perm(MAY_DELETE) else "",
        "breadcrumbs": lines.breadcrumbs(heading),
    }
    return render(request, "readiness/evidence/form.html", context, status=422 if form.errors else 200)


@require_POST
@require("evidence.view_floor", MAY_DELETE)
@never_cache
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(Floor, pk=pk).delete()
    messages.success(request, "The floor is removed; runs that it judged are unknown again.")
    return HttpResponseRedirect(reverse("floors"))


@require("evidence.view_floor", MAY_ADD)
@never_cache
@require_http_methods(["GET", "POST"])
def import_configuration(request: HttpRequest) -> HttpResponse:
    form = ConfigurationForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            floors = operations.import_floors(
                content=content_of(file),
                platform=form.cleaned_data["platform"],
                source=form.cleaned_data["source"] or file.name[:200],
                by=sender_of(request),
                now=now(),
            )
        except (ParseError, EvidenceRefused) as error:
            form.refused(error)
        else:
            messages.success(request, f"{len(floors)} floors are set.")
            return HttpResponseRedirect(reverse("floors"))
    return form_page(request, form, "Import a configuration", "floors")
