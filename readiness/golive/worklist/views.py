"""Pages of the worklist: the list, one item, and adding to it, one by one or what was chosen on the gap's page."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods, require_POST

from accounts.models import User
from inventory.models import Site
from readiness.framework import queries as framework_queries
from readiness.golive.worklist import lines, operations, queries, tables
from readiness.golive.worklist.forms import AddForm, ChangeForm, ProgressForm, SelectionForm, initial_of
from readiness.golive.worklist.models import WorkItem
from readiness.scoring.gap import queries as gap_queries
from readiness.scoring.gap.closing import closing
from readiness.scoring.gap.params import BadQuestion, read
from readiness.scoring.queries.capacity import check_name
from web import answers
from web import tables as table_kit
from web.clock import now
from web.history import history_of
from web.permissions import MissingPermission, require
from web.units import how_many, plural

SHOWN_PAIRS = 20
LONGEST_ID = 18
"""Digits; every number of so many is one that an id may have."""

may_see = require("inventory.view_site", "golive.view_workitem")
may_add = require("inventory.view_site", "golive.view_workitem", operations.MAY_ADD)


@may_see
@conditional_page
@require_GET
def worklist(request: HttpRequest) -> HttpResponseBase:
    at = now()
    table = table_kit.page(
        request,
        tables.work_table(),
        queries.items(),
        prepare=lambda shown: queries.rows(shown, now=at),
        actions=tables.actions(may_progress=_may_progress(request), query=request.GET.urlencode()),
    )
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/worklist/list.html", table)
    context = {
        "table": table,
        "kpis": lines.key_figures(queries.counts(now=at)),
        "may_add": request.user.has_perm(operations.MAY_ADD),
        "breadcrumbs": _breadcrumbs("Worklist", first=True),
    }
    return answers.page(request, "readiness/worklist/list.html", context)


@may_see
@never_cache
@require_http_methods(["GET", "POST"])
def item(request: HttpRequest, pk: int) -> HttpResponse:
    at = now()
    if request.method == "POST" and not _may_progress(request):
        raise MissingPermission([operations.MAY_PROGRESS])
    work_item = get_object_or_404(queries.items(), pk=pk)
    changes = request.user.has_perm(operations.MAY_CHANGE)
    form = (ChangeForm if changes else ProgressForm)(request.POST or None, initial=initial_of(work_item))
    if request.method == "POST" and form.is_valid():
        try:
            operations.change(work_item, **form.planned(), by=_reader(request), now=at)
        except ValidationError as error:
            form.refused(error)
        else:
            messages.success(request, f"{work_item} is saved.")
            return HttpResponseRedirect(reverse("work-item", args=[pk]))
    [row] = queries.rows([work_item], now=at)
    context = {
        "row": row,
        "facts": lines.facts(row),
        "means": lines.means(row),
        "form": form if _may_progress(request) else None,
        "history": history_of(work_item, limit=20).rows,
        "breadcrumbs": _breadcrumbs(f"{row.check_name}, {row.site_name}"),
    }
    return render(request, "readiness/worklist/item.html", context, status=422 if form.errors else 200)


@may_add
@never_cache
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    names = request.POST.getlist("id")
    return _add_selected(request, names) if names else _add_one(request)


def _add_one(request: HttpRequest) -> HttpResponse:
    _version, framework = framework_queries.current()
    initial = {name: request.GET[name] for name in ("site", "check") if name in request.GET}
    form = AddForm(request.POST or None, initial=initial, framework=framework)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = operations.add(
                site=given["site"], check_id=given["check"], **form.planned(), by=_reader(request), now=now()
            )
        except ValidationError as error:
            form.refused(error)
        else:
            messages.success(request, f"{made} is on the worklist.")
            return HttpResponseRedirect(reverse("work-item", args=[made.pk]))
    return _add_page(request, form, {})


def _add_selected(request: HttpRequest, names: list[str]) -> HttpResponse:
    """Show the form with what was chosen, for who is to do it by when; then add the items."""
    pairs = _pairs(request, names)
    is_sent = "confirmed" in request.POST
    form = SelectionForm(request.POST if is_sent else None)
    if is_sent and form.is_valid():
        try:
            added = operations.add_many(pairs, **form.planned(), by=_reader(request), now=now())
        except ValidationError as error:
            form.refused(error)
        else:
            said = how_many(added, "item is added.", "items are added.")
            messages.success(request, said)
            return HttpResponseRedirect(reverse("worklist"))
    _version, framework = framework_queries.current()
    shown = [
        {"site": site.name, "check": check_name(framework, check_id)}
        for site, check_id in pairs[:SHOWN_PAIRS]
    ]
    selection = {"names": names, "pairs": shown, "more": len(pairs) - len(shown), "count": len(pairs)}
    return _add_page(request, form, {"selection": selection})


def _pairs(request: HttpRequest, names: list[str]) -> list[tuple[Site, str]]:
    """Sites and checks of the plan that the address asks for, as it is now."""
    regions = gap_queries.regions() if "region" in request.GET else {}
    try:
        question = read(request.GET, regions=regions)
        known = gap_queries.asked(question, now=now())
        held = closing(known, target=question.target, measure=question.measure)
        return queries.selected(names, held.held)
    except BadQuestion as error:
        raise BadRequest(str(error)) from error
    except queries.BadSelection as error:
        raise BadRequest(f"id: nothing is called {error}") from error


def _add_page(request: HttpRequest, form: Any, context: dict[str, Any]) -> HttpResponse:
    context |= {"form": form, "breadcrumbs": _breadcrumbs("Add")}
    return render(request, "readiness/worklist/add.html", context, status=422 if form.errors else 200)


@require_POST
@may_see
@never_cache
def set_status(request: HttpRequest) -> HttpResponse:
    """Set the same status for all chosen items, and go back to the list as it was."""
    if not _may_progress(request):
        raise MissingPermission([operations.MAY_PROGRESS])
    named = [each for each in request.POST.getlist("id") if each.isascii() and each.isdecimal()]
    chosen = [int(each) for each in named[: operations.MOST_AT_ONCE] if len(each) <= LONGEST_ID]
    status = request.POST.get("action", "")
    try:
        changed = operations.set_status(chosen, status=status, by=_reader(request), now=now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        label = str(WorkItem.Status(status).label).lower()
        said = plural(changed, "%(n)s item is %(status)s now.", "%(n)s items are %(status)s now.")
        messages.success(request, said % {"n": changed, "status": label})
    query = request.GET.urlencode()
    return HttpResponseRedirect(reverse("worklist") + (f"?{query}" if query else ""))


def _may_progress(request: HttpRequest) -> bool:
    return request.user.has_perm(operations.MAY_CHANGE) or request.user.has_perm(operations.MAY_PROGRESS)


def _reader(request: HttpRequest) -> User:
    """The reader, who is signed in, as every page here asks."""
    return cast(User, request.user)


def _breadcrumbs(here: str, *, first: bool = False) -> list[dict[str, str]]:
    above = [] if first else [{"label": "Worklist", "url": reverse("worklist")}]
    return [{"label": "Gap", "url": reverse("gap")}, *above, {"label": here, "url": ""}]
