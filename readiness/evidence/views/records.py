"""Recorded facts, attestations and floors: lists, and the forms to enter a fact or an attestation."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods

from readiness.evidence import lines, operations, tables
from readiness.evidence.api.refusing import sender_of
from readiness.evidence.forms import AttestationForm, FactForm, RecordForm
from readiness.evidence.models import Attestation, Floor, RecordedFact
from readiness.evidence.refusals import EvidenceRefused
from readiness.framework import queries as framework_queries
from web import answers
from web import tables as table_kit
from web.clock import now
from web.permissions import require
from web.tables import Table

MAY_RECORD, MAY_ATTEST = "evidence.add_recordedfact", "evidence.add_attestation"


@require("inventory.view_site", "evidence.view_recordedfact")
@conditional_page
@require_GET
def facts(request: HttpRequest) -> HttpResponseBase:
    rows = RecordedFact.objects.select_related("site", "by")
    sub = gettext("Dated values of sub-measures with their source, until something measures them")
    add = ("recorded-fact-add", gettext("Record a fact")) if request.user.has_perm(MAY_RECORD) else None
    return _list(request, "facts", tables.FACTS, rows, gettext("Recorded facts"), sub, add)


@require("inventory.view_site", "evidence.view_attestation")
@conditional_page
@require_GET
def attestations(request: HttpRequest) -> HttpResponseBase:
    rows = Attestation.objects.select_related("site", "by")
    sub = gettext("Statements by named persons")
    add = ("attestation-add", gettext("Attest")) if request.user.has_perm(MAY_ATTEST) else None
    return _list(request, "attestations", tables.ATTESTATIONS, rows, gettext("Attestations"), sub, add)


@require("evidence.view_floor")
@conditional_page
@require_GET
def floors(request: HttpRequest) -> HttpResponseBase:
    sub = gettext("What a platform must reach in a tool's measure")
    return _list(request, "floors", tables.FLOORS, Floor.objects.all(), gettext("Floors"), sub, None)


def _list(
    request: HttpRequest,
    name: str,
    columns: Table,
    rows: QuerySet[Any],
    heading: str,
    sub: str,
    add: tuple[str, str] | None,
) -> HttpResponseBase:
    table = table_kit.page(request, columns, rows)
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/evidence/list.html", table)
    context = {
        "table": table,
        "heading": heading,
        "sub": sub,
        "add_url": reverse(add[0]) if add else "",
        "add_label": add[1] if add else "",
        "tabs": lines.tabs(name),
        "breadcrumbs": lines.breadcrumbs(heading),
    }
    return answers.page(request, "readiness/evidence/list.html", context)


@require("inventory.view_site", "evidence.view_recordedfact", MAY_RECORD)
@never_cache
@require_http_methods(["GET", "POST"])
def record(request: HttpRequest) -> HttpResponse:
    return _entered(request, FactForm, operations.record_fact, gettext("Record a fact"), "facts")


@require("inventory.view_site", "evidence.view_attestation", MAY_ATTEST)
@never_cache
@require_http_methods(["GET", "POST"])
def attest(request: HttpRequest) -> HttpResponse:
    return _entered(request, AttestationForm, operations.attest, gettext("Attest"), "attestations")


def _entered(
    request: HttpRequest, form_class: type[RecordForm], enter: Callable[..., Any], heading: str, after: str
) -> HttpResponse:
    """The form; once it is entered, the page of the check at the site, or the list where it names none."""
    at = now()
    _version, framework = framework_queries.current()
    asked = {name: request.GET[name] for name in ("site", "check", "part") if name in request.GET}
    form = form_class(
        request.POST or None, initial={"taken_on": at.date().isoformat()} | asked, framework=framework
    )
    if request.method == "POST" and form.is_valid():
        try:
            entered = enter(**form.asked(), by=sender_of(request), now=at)
        except (EvidenceRefused, ValidationError) as error:
            form.refused(error)
        else:
            messages.success(request, gettext("It is kept; the site is scored again."))
            return HttpResponseRedirect(reverse("site-check", args=[entered.site.slug, entered.check_id]))
    context = {
        "form": form,
        "heading": heading,
        "submit": heading,
        "cancel_url": reverse(after),
        "breadcrumbs": lines.breadcrumbs(heading),
    }
    return render(request, "readiness/evidence/form.html", context, status=422 if form.errors else 200)
