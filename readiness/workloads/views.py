"""Pages of workload classes: the list, one of them with its placements, and the forms that write them."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods, require_POST

from accounts.models import User
from readiness.workloads import added_facts, lines, operations, queries, tables
from readiness.workloads.core.envelope import contradictions
from readiness.workloads.exporting import exported
from readiness.workloads.forms import DocumentForm, PlaceForm, WorkloadForm, initial_of
from readiness.workloads.models import Placement, WorkloadClass
from readiness.workloads.refusals import (
    MAY_ADD,
    MAY_CHANGE,
    MAY_END,
    MAY_PLACE,
    MAY_REMOVE,
    MAY_SEE,
    ImportRefused,
)
from readiness.workloads.row_forms import asked_rows
from web import answers
from web import tables as table_kit
from web.clock import now
from web.history import history_of
from web.permissions import require

SEE = ("inventory.view_site", MAY_SEE)
may_see = require(*SEE)


@may_see
@conditional_page
@require_GET
def workloads(request: HttpRequest) -> HttpResponseBase:
    today = now().date()
    table = table_kit.page(
        request,
        tables.workloads(),
        queries.classes(day=today),
        prepare=lambda classes: tables.rows(classes, today=today),
    )
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/workloads/list.html", table)
    context = {
        "table": table,
        "may_add": request.user.has_perm(MAY_ADD),
        "may_import": request.user.has_perms([MAY_ADD, MAY_CHANGE]),
        "breadcrumbs": [{"label": "Workload classes", "url": ""}],
    }
    return answers.page(request, "readiness/workloads/list.html", context)


@may_see
@never_cache
@require_GET
def workload(request: HttpRequest, slug: str) -> HttpResponse:
    return _page(request, _class(slug), PlaceForm())


@require(*SEE, MAY_ADD)
@never_cache
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    initial = {
        "criticality": "standard",
        "provenance": "declared",
        "latency_percentile": 99,
        "deferrable_h": 0,
    }
    form = _filled_in(request, initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = operations.declare(**form.planned(), by=_reader(request), now=now())
        except ValidationError as error:
            form.refused(error)
        else:
            return _saved(request, made, "%(name)s is declared.")
    return _form_page(request, form, "Declare a workload class", reverse("workloads"))


@require(*SEE, MAY_CHANGE)
@never_cache
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, slug: str) -> HttpResponse:
    stored = _class(slug)
    form = _filled_in(request, initial_of(stored))
    if request.method == "POST" and form.is_valid():
        try:
            changed = operations.change(stored, **form.planned(), by=_reader(request), now=now())
        except ValidationError as error:
            form.refused(error)
        else:
            return _saved(request, changed, "%(name)s is saved.")
    return _form_page(request, form, f"Change {stored}", reverse("workload", args=[slug]))


@require_POST
@require(*SEE, MAY_REMOVE)
@never_cache
def remove(request: HttpRequest, slug: str) -> HttpResponse:
    stored = _class(slug)
    operations.remove(stored, by=_reader(request))
    messages.success(request, f"{stored} is removed.")
    return HttpResponseRedirect(reverse("workloads"))


@require_POST
@require(*SEE, MAY_CHANGE)
@never_cache
def confirm(request: HttpRequest, slug: str) -> HttpResponse:
    stored = _class(slug)
    try:
        operations.confirm(stored, note=request.POST.get("note", "")[:300], by=_reader(request), now=now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return HttpResponseRedirect(reverse("workload", args=[slug]))
    return _saved(request, stored, "The envelope of %(name)s is confirmed.")


@require_POST
@require(*SEE, MAY_PLACE)
@never_cache
def place(request: HttpRequest, slug: str) -> HttpResponse:
    stored = _class(slug)
    form = PlaceForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            operations.place(
                stored, site=given["site"], on=given["started_on"], by=_reader(request), now=now()
            )
        except ValidationError as error:
            form.refused(error)
        else:
            return _saved(request, stored, "%(name)s is placed; the site is scored again.")
    return _page(request, stored, form)


@require_POST
@require(*SEE, MAY_END)
@never_cache
def end(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    placement = get_object_or_404(
        Placement.objects.select_related("workload_class"), pk=pk, workload_class__slug=slug
    )
    try:
        operations.end_placement(placement, on=_day(request), by=_reader(request), now=now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "The placement ends; the site is scored again.")
    return HttpResponseRedirect(reverse("workload", args=[slug]))


@may_see
@never_cache
@require_GET
def export(request: HttpRequest, slug: str = "") -> HttpResponse:
    """One class, or all of them."""
    if slug:
        return exported([_class(slug)], slug)
    return exported(queries.whole(WorkloadClass.objects.order_by("slug")), "workloads")


@require(*SEE, MAY_ADD, MAY_CHANGE)
@never_cache
@require_http_methods(["GET", "POST"])
def import_document(request: HttpRequest) -> HttpResponse:
    form = DocumentForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        name = given.get("name", "workloads.yaml")
        try:
            imported = operations.import_workloads(given["text"], name=name, by=_reader(request), now=now())
        except ImportRefused as error:
            form.add_error("file" if given.get("file") else "text", [str(fault) for fault in error.faults])
        else:
            counts = {"added": len(imported.added), "changed": len(imported.changed)}
            messages.success(request, "{added} classes are added, {changed} are as written.".format(**counts))
            return HttpResponseRedirect(reverse("workloads"))
    context = {
        "form": form,
        "breadcrumbs": _breadcrumbs("Import"),
        "cancel_url": reverse("workloads"),
    }
    return render(request, "readiness/workloads/import.html", context, status=422 if form.errors else 200)


def _page(request: HttpRequest, stored: WorkloadClass, form: PlaceForm) -> HttpResponse:
    today = now().date()
    envelope = queries.envelope_of(stored)
    placements = [
        {"row": each, "since": lines.days_text(each.started_on, today), "is_open": each.ended_on is None}
        for each in queries.placements_of(stored)
    ]
    may = request.user.has_perm
    context = {
        "workload": stored,
        "cards": lines.cards(stored, envelope, on_record=added_facts.added_to(stored, may=may, today=today)),
        "standing": lines.standing(envelope, today),
        "missing": lines.missing(envelope),
        "contradictions": contradictions(envelope),
        "confirmations": stored.confirmations.all()[:5],
        "placements": placements,
        "place_form": form if may(MAY_PLACE) else None,
        "may_end": may(MAY_END),
        "may_change": may(MAY_CHANGE),
        "may_remove": may(MAY_REMOVE),
        "rows": history_of(stored, limit=20).rows,
        "breadcrumbs": _breadcrumbs(stored.name),
    }
    return render(request, "readiness/workloads/workload.html", context, status=422 if form.errors else 200)


def _filled_in(request: HttpRequest, initial: dict[str, Any]) -> WorkloadForm:
    """The form as sent; unbound, and so not to be saved, where a button asked for a row more or less."""
    if asked_rows(request.POST):
        return WorkloadForm.again(request.POST)
    return WorkloadForm(request.POST or None, initial=initial)


def _form_page(request: HttpRequest, form: WorkloadForm, title: str, cancel_url: str) -> HttpResponse:
    context = {"form": form, "title": title, "cancel_url": cancel_url, "breadcrumbs": _breadcrumbs(title)}
    return render(request, "readiness/workloads/form.html", context, status=422 if form.is_bound else 200)


def _saved(request: HttpRequest, saved: WorkloadClass, message: str) -> HttpResponse:
    """Redirect to the page of the class, with a warning of what may not be meant together."""
    messages.success(request, message % {"name": saved})
    for contradiction in contradictions(queries.envelope_of(saved)):
        messages.warning(request, contradiction.reason)
    return HttpResponseRedirect(reverse("workload", args=[saved.slug]))


def _class(slug: str) -> WorkloadClass:
    return get_object_or_404(queries.whole(WorkloadClass.objects.all()), slug=slug)


def _day(request: HttpRequest) -> Any:
    given = request.POST.get("ended_on", "")
    try:
        day = parse_date(given) if given else None
    except ValueError:
        day = None
    if given and day is None:
        raise BadRequest("ended_on: expected a day such as 2026-11-25")
    return day


def _reader(request: HttpRequest) -> User:
    """Signed in, as every page here asks."""
    return cast(User, request.user)


def _breadcrumbs(here: str) -> list[dict[str, str]]:
    return [{"label": "Workload classes", "url": reverse("workloads")}, {"label": here, "url": ""}]
