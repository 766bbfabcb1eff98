"""Recorded facts and attestations: lists, and the forms to enter them."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods

from readiness.evidence import lines, operations, tables
from readiness.evidence.core.own_records import OWN_RECORDS
from readiness.evidence.core.parsers import ParseError
from readiness.evidence.forms import AttestationForm, FactForm, FactTableForm, StatementForm
from readiness.evidence.models import Attestation, RecordedFact
from readiness.evidence.proved import proved_by
from readiness.evidence.refusals import EvidenceRefused
from readiness.evidence.uploads import content_of, sender_of
from readiness.framework import queries as framework_queries
from web import answers
from web import tables as table_kit
from web.clock import now
from web.history import history_of
from web.permissions import require
from web.tables import Table

MAY_RECORD, MAY_ATTEST = "evidence.add_recordedfact", "evidence.add_attestation"


@require("inventory.view_site", "evidence.view_recordedfact")
@conditional_page
@require_GET
def facts(request: HttpRequest) -> HttpResponseBase:
    rows = RecordedFact.objects.select_related("site", "by")
    sub = "Dated values of sub-measures with their source, until something measures them"
    may = request.user.has_perm(MAY_RECORD)
    add = ("recorded-fact-add", "Record a fact") if may else None
    many = ("facts-import", "Import a table") if may else None
    return listed(request, "facts", tables.FACTS, rows, "Recorded facts", sub, add, many)


@require("inventory.view_site", "evidence.view_attestation")
@conditional_page
@require_GET
def attestations(request: HttpRequest) -> HttpResponseBase:
    rows = Attestation.objects.select_related("site", "by")
    sub = "Statements by named persons"
    add = ("attestation-add", "Attest") if request.user.has_perm(MAY_ATTEST) else None
    return listed(request, "attestations", tables.ATTESTATIONS, rows, "Attestations", sub, add)


@require("inventory.view_site", "evidence.view_recordedfact")
@conditional_page
@require_GET
def fact(request: HttpRequest, pk: int) -> HttpResponseBase:
    record = get_object_or_404(RecordedFact.objects.select_related("site", "by"), pk=pk)
    return _shown(request, record, "fact", "Recorded fact", "Recorded facts", "facts")


@require("inventory.view_site", "evidence.view_attestation")
@conditional_page
@require_GET
def attestation(request: HttpRequest, pk: int) -> HttpResponseBase:
    record = get_object_or_404(Attestation.objects.select_related("site", "by"), pk=pk)
    kind = "Attestation"
    return _shown(request, record, "attestation", kind, "Attestations", "attestations")


def _shown(
    request: HttpRequest, record: Attestation | RecordedFact, ref: str, kind: str, of_kind: str, above: str
) -> HttpResponseBase:
    _version, framework = framework_queries.current()
    check = framework.checks_by_id.get(record.check_id)
    parts = proved_by(record.site_id, f"{ref}:{record.pk}", now=now())
    check_url = reverse("site-check", args=[record.site.slug, record.check_id])
    context = {
        "record": record,
        "kind": kind,
        "heading": check.name if check else record.check_id,
        "facts": lines.record_facts(record, framework),
        "standing": tables.standing(record),
        "own": OWN_RECORDS.get(record.check_id),
        "check_url": check_url if check else reverse("readiness"),
        "proved": lines.proved(parts, record.site.slug),
        "nothing_proved": (
            "Nothing: it is of a whole check or of some workload classes alone, or a run, telemetry or a newer record"
            " goes before it."
        ),
        "rows": history_of(record).rows,
        "breadcrumbs": [
            {"label": "Evidence", "url": reverse("evidence")},
            {"label": of_kind, "url": reverse(above)},
            {"label": str(record), "url": ""},
        ],
    }
    return answers.page(request, "readiness/evidence/record.html", context)


def listed(
    request: HttpRequest,
    name: str,
    columns: Table,
    rows: QuerySet[Any],
    heading: str,
    sub: str,
    add: tuple[str, str] | None,
    many: tuple[str, str] | None = None,
) -> HttpResponseBase:
    """`add` and `many` are url name and words of the pages to enter one and to import many."""
    table = table_kit.page(request, columns, rows)
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/evidence/list.html", table)
    context = {
        "table": table,
        "heading": heading,
        "sub": sub,
        "add_url": reverse(add[0]) if add else "",
        "add_label": add[1] if add else "",
        "many_url": reverse(many[0]) if many else "",
        "many_label": many[1] if many else "",
        "tabs": lines.tabs(name),
        "breadcrumbs": lines.breadcrumbs(heading),
    }
    return answers.page(request, "readiness/evidence/list.html", context)


@require("inventory.view_site", "evidence.view_recordedfact", MAY_RECORD)
@never_cache
@require_http_methods(["GET", "POST"])
def record(request: HttpRequest) -> HttpResponse:
    return _entered(request, FactForm, operations.record_fact, "Record a fact", "facts")


@require("inventory.view_site", "evidence.view_recordedfact", MAY_RECORD)
@never_cache
@require_http_methods(["GET", "POST"])
def import_facts(request: HttpRequest) -> HttpResponse:
    form = FactTableForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            content = content_of(form.cleaned_data["file"])
            entered = operations.import_facts(content=content, by=sender_of(request), now=now())
        except (ParseError, EvidenceRefused) as error:
            form.refused(error)
        else:
            messages.success(request, f"{len(entered)} facts are kept.")
            return HttpResponseRedirect(reverse("facts"))
    return form_page(request, form, "Import a table of facts", "facts")


@require("inventory.view_site", "evidence.view_attestation", MAY_ATTEST)
@never_cache
@require_http_methods(["GET", "POST"])
def attest(request: HttpRequest) -> HttpResponse:
    return _entered(request, AttestationForm, operations.attest, "Attest", "attestations")


def _entered(
    request: HttpRequest, form_class: type[StatementForm], enter: Callable[..., Any], heading: str, after: str
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
            messages.success(request, "It is kept; the site is scored again.")
            return HttpResponseRedirect(reverse("site-check", args=[entered.site.slug, entered.check_id]))
    return form_page(request, form, heading, after)


def form_page(request: HttpRequest, form: BaseForm, heading: str, after: str) -> HttpResponse:
    """`after` is the url name of the page that Cancel leads to."""
    context = {
        "form": form,
        "heading": heading,
        "submit": heading,
        "cancel_url": reverse(after),
        "breadcrumbs": lines.breadcrumbs(heading),
    }
    return render(request, "readiness/evidence/form.html", context, status=422 if form.errors else 200)
