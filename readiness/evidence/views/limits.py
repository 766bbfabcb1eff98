"""Declared limits: the list, one of them with its history, and the forms to declare one or a table of them."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods, require_POST

from readiness.evidence import limit_tables, lines, operations, queries
from readiness.evidence.core.parsers import ParseError
from readiness.evidence.forms import LimitForm, LimitTableForm
from readiness.evidence.models import DeclaredLimit
from readiness.evidence.refusals import EvidenceRefused
from readiness.evidence.uploads import content_of, sender_of
from readiness.evidence.views.records import form_page, listed
from readiness.framework import queries as framework_queries
from web import answers
from web.clock import now
from web.history import history_of
from web.permissions import require

MAY_ADD, MAY_DELETE = "evidence.add_declaredlimit", "evidence.delete_declaredlimit"
MAY_SEE = ("inventory.view_site", "workloads.view_workloadclass", "evidence.view_declaredlimit")


@require(*MAY_SEE)
@conditional_page
@require_GET
def page(request: HttpRequest) -> HttpResponseBase:
    may = request.user.has_perm(MAY_ADD)
    add = ("declared-limit-add", "Declare a limit") if may else None
    many = ("limits-import", "Import a table") if may else None
    sub = "What sites and workload classes hold themselves to, from a day on"
    _version, framework = framework_queries.current()
    rows = queries.declared_limits()
    return listed(request, "limits", limit_tables.limits(framework), rows, "Limits", sub, add, many)


@require(*MAY_SEE)
@conditional_page
@require_GET
def limit(request: HttpRequest, pk: int) -> HttpResponseBase:
    declared = get_object_or_404(queries.declared_limits(), pk=pk)
    _version, framework = framework_queries.current()
    context = {
        "declared": declared,
        "heading": limit_tables.limit_name(framework, declared),
        "facts": lines.limit_facts(declared, framework),
        "entries": lines.limit_entries(queries.entries_of(declared), declared, framework),
        "rows": history_of(declared).rows,
        "delete_url": reverse("declared-limit-delete", args=[pk])
        if request.user.has_perm(MAY_DELETE)
        else "",
        "again_url": f"{reverse('declared-limit-add')}?{lines.limit_query(declared)}"
        if request.user.has_perm(MAY_ADD)
        else "",
        "breadcrumbs": [
            {"label": "Evidence", "url": reverse("evidence")},
            {"label": "Limits", "url": reverse("limits")},
            {"label": str(declared), "url": ""},
        ],
    }
    return answers.page(request, "readiness/evidence/limit.html", context)


@require(*MAY_SEE, MAY_ADD)
@never_cache
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    at = now()
    _version, framework = framework_queries.current()
    asked = {name: request.GET[name] for name in ("site", "workload_class", "limit") if name in request.GET}
    initial = {"declared_on": at.date().isoformat()} | asked
    form = LimitForm(request.POST or None, initial=initial, framework=framework)
    if request.method == "POST" and form.is_valid():
        try:
            declared = operations.declare_limit(**form.asked(), by=sender_of(request), now=at)
        except (EvidenceRefused, ValidationError) as error:
            form.refused(error)
        else:
            messages.success(request, "The limit is declared; the sites are scored again.")
            return HttpResponseRedirect(reverse("declared-limit-detail", args=[declared.pk]))
    return form_page(request, form, "Declare a limit", "limits")


@require(*MAY_SEE, MAY_ADD)
@never_cache
@require_http_methods(["GET", "POST"])
def import_table(request: HttpRequest) -> HttpResponse:
    form = LimitTableForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            content = content_of(form.cleaned_data["file"])
            declared = operations.import_limits(content=content, by=sender_of(request), now=now())
        except (ParseError, EvidenceRefused) as error:
            form.refused(error)
        else:
            messages.success(request, f"{len(declared)} limits are declared.")
            return HttpResponseRedirect(reverse("limits"))
    return form_page(request, form, "Import a table of limits", "limits")


@require_POST
@require(*MAY_SEE, MAY_DELETE)
@never_cache
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(DeclaredLimit, pk=pk).delete()
    messages.success(request, "The limit is removed; the sites are scored again.")
    return HttpResponseRedirect(reverse("limits"))
