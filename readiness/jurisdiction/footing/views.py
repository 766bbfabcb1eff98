"""List, page, form and removal of origins and of bases on record; `kinds` declares what differs between them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods

from readiness.jurisdiction import lines, queries, sentences
from readiness.jurisdiction.footing import tables
from readiness.jurisdiction.footing.kinds import RecordKind
from web import actor, answers, links
from web import tables as table_kit
from web.clock import now
from web.history import history_of

LIST = "readiness/jurisdiction/footing/list.html"


@conditional_page
@require_GET
def listed(request: HttpRequest, kind: RecordKind) -> HttpResponseBase:
    table = table_kit.page(request, kind.table(queries.content_in_force(), now().date()), _rows(kind))
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, LIST, table)
    context = {
        "table": table,
        "kind": kind,
        "tabs": lines.tabs(kind.noun),
        "add_url": kind.url("add") if request.user.has_perm(kind.permission("add")) else "",
        "notice": sentences.NOTICE,
        "breadcrumbs": lines.breadcrumbs(str(kind.label)),
    }
    return answers.page(request, LIST, context)


@conditional_page
@require_GET
def detail(request: HttpRequest, kind: RecordKind, pk: int) -> HttpResponse:
    record = _record(kind, pk)
    may = request.user.has_perm
    context = {
        "kind": kind,
        "object": record,
        "facts": tables.facts(record, queries.content_in_force(), now().date()),
        "rows": history_of(record, limit=20).rows,
        "edit_url": kind.url("edit", pk) if may(kind.permission("change")) else "",
        "remove_url": kind.url("remove", pk) if may(kind.permission("delete")) else "",
        "api_url": links.api_url(record),
        "notice": sentences.NOTICE,
        "breadcrumbs": _breadcrumbs(kind, str(record)),
    }
    return answers.page(request, "readiness/jurisdiction/footing/detail.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, kind: RecordKind) -> HttpResponse:
    return _fill_in(request, kind, None)


@never_cache
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, kind: RecordKind, pk: int) -> HttpResponse:
    return _fill_in(request, kind, _record(kind, pk))


@never_cache
def remove(request: HttpRequest, kind: RecordKind, pk: int) -> HttpResponse:
    record = _record(kind, pk)
    name = str(record)
    record.delete()
    messages.success(request, f"{name} is removed.")
    return HttpResponseRedirect(kind.url("list"))


def _fill_in(request: HttpRequest, kind: RecordKind, record: Any) -> HttpResponse:
    asked = {name: request.GET[name] for name in ("workload_class", "basis") if name in request.GET}
    form = kind.form(request.POST or None, instance=record, initial={} if record else asked)
    # The form writes into the object while it checks: the page must go on showing what is stored.
    before = str(record) if record is not None else ""
    if request.method == "POST" and form.is_valid():
        if message := form.cleaned_data["changelog_message"]:
            actor.note(message)
        saved = form.save()
        messages.success(request, f"{saved} is saved.")
        return HttpResponseRedirect(kind.url("detail", saved.pk))
    heading = f"Change {before}" if before else str(kind.add_label)
    context = {
        "form": form,
        "heading": heading,
        "cancel_url": kind.url("detail", record.pk) if before else kind.url("list"),
        "notice": sentences.NOTICE,
        "breadcrumbs": _breadcrumbs(kind, heading),
    }
    status = 422 if form.errors else 200
    return render(request, "readiness/jurisdiction/footing/form.html", context, status=status)


def _rows(kind: RecordKind) -> Any:
    return kind.model._default_manager.select_related("workload_class")


def _record(kind: RecordKind, pk: int) -> Any:
    return get_object_or_404(_rows(kind), pk=min(pk, 2**63 - 1))


def _breadcrumbs(kind: RecordKind, here: str) -> list[dict[str, str]]:
    return [
        {"label": "Rules", "url": reverse("rules")},
        {"label": str(kind.label), "url": kind.url("list")},
        {"label": here, "url": ""},
    ]
