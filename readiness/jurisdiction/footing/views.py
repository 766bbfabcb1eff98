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

from readiness.jurisdiction import queries, sentences
from readiness.jurisdiction.footing.kinds import RecordKind
from web import actor, answers, links
from web import tables as table_kit
from web.clock import now
from web.history import history_of

LIST = "readiness/jurisdiction/footing/list.html"


def _table(kind: RecordKind) -> table_kit.Table:
    return kind.table(queries.content_in_force(), now().date())


@conditional_page
@require_GET
def listed(request: HttpRequest, kind: RecordKind) -> HttpResponseBase:
    table = table_kit.page(request, _table(kind), _rows(kind))
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, LIST, table)
    may_add = request.user.has_perm(kind.permission("add"))
    context = {"table": table, "add_url": kind.url("add") if may_add else ""}
    return answers.page(request, LIST, context | _shared(kind))


@conditional_page
@require_GET
def detail(request: HttpRequest, kind: RecordKind, pk: int) -> HttpResponse:
    record = _record(kind, pk)
    may = request.user.has_perm
    columns = _table(kind).columns[1:]
    context = {
        "object": record,
        "facts": [(column.label, column.words(record, column.read(record))) for column in columns],
        "rows": history_of(record, limit=20).rows,
        "edit_url": kind.url("edit", pk) if may(kind.permission("change")) else "",
        "remove_url": kind.url("remove", pk) if may(kind.permission("delete")) else "",
        "api_url": links.api_url(record),
    }
    template = "readiness/jurisdiction/footing/detail.html"
    return answers.page(request, template, context | _shared(kind, str(record)))


@never_cache
@require_http_methods(["GET", "POST"])
def fill_in(request: HttpRequest, kind: RecordKind, pk: int | None = None) -> HttpResponse:
    record = None if pk is None else _record(kind, pk)
    asked = {name: request.GET[name] for name in ("workload_class", "basis") if name in request.GET}
    # The form writes into the object while it checks: the page must go on showing what is stored.
    heading = f"Change {record}" if record else kind.add_label
    form = kind.form(request.POST or None, instance=record, initial={} if record else asked)
    if request.method == "POST" and form.is_valid():
        if message := form.cleaned_data["changelog_message"]:
            actor.note(message)
        saved = form.save()
        messages.success(request, f"{saved} is saved.")
        return HttpResponseRedirect(kind.url("detail", saved.pk))
    cancel_url = kind.url("list") if pk is None else kind.url("detail", pk)
    context = {"form": form, "heading": heading, "cancel_url": cancel_url} | _shared(kind, heading)
    status = 422 if form.errors else 200
    return render(request, "readiness/jurisdiction/footing/form.html", context, status=status)


@never_cache
def remove(request: HttpRequest, kind: RecordKind, pk: int) -> HttpResponse:
    record = _record(kind, pk)
    name = str(record)
    record.delete()
    messages.success(request, f"{name} is removed.")
    return HttpResponseRedirect(kind.url("list"))


def _rows(kind: RecordKind) -> Any:
    return kind.model._default_manager.select_related("workload_class")


def _record(kind: RecordKind, pk: int) -> Any:
    return get_object_or_404(_rows(kind), pk=min(pk, 2**63 - 1))


def _shared(kind: RecordKind, here: str = "") -> dict[str, Any]:
    trail = [{"label": "Rules", "url": reverse("rules")}, {"label": kind.label, "url": kind.url("list")}]
    breadcrumbs = [*trail, {"label": here, "url": ""}] if here else [trail[0], {**trail[1], "url": ""}]
    return {"kind": kind, "notice": sentences.NOTICE, "breadcrumbs": breadcrumbs}
