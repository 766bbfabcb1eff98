"""Pages of grants: the list, who answers for how many, one of them, asking for one, deciding on one."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods, require_POST

from accounts.models import User
from readiness.boards.waivers import lines, queries, tables
from readiness.boards.waivers.forms import RequestForm
from readiness.boards.waivers.requests import ask_for_grant
from readiness.framework import queries as framework_queries
from readiness.grants import operations
from readiness.grants.models import Grant
from readiness.grants.queries import counts, grants
from web import answers, visibility
from web import tables as table_kit
from web.clock import now
from web.forms import NoteForm
from web.history import history_of
from web.links import link
from web.permissions import MissingPermission, require

may_see = require("inventory.view_site", "grants.view_grant")
may_ask = require("inventory.view_site", "grants.view_grant", operations.MAY_REQUEST)
may_decide = require("inventory.view_site", "grants.view_grant", operations.MAY_DECIDE)


@may_see
@conditional_page
@require_GET
def waivers(request: HttpRequest) -> HttpResponseBase:
    at = now()
    prepare = lambda page: queries.rows(page, now=at)  # noqa: E731
    table = table_kit.page(request, tables.grant_table(at), grants(now=at), prepare=prepare)
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/waivers/list.html", table)
    context = {
        "table": table,
        "kpis": lines.key_figures(counts(now=at), now=at),
        "may_request": request.user.has_perm(operations.MAY_REQUEST),
        "breadcrumbs": _breadcrumbs("Waivers", first=True),
    }
    return answers.page(request, "readiness/waivers/list.html", context)


@may_see
@conditional_page
@require_GET
def ageing(request: HttpRequest) -> HttpResponseBase:
    at = now()
    groups = {key: label for key, label in tables.BY.items() if key != "requester" or visibility.sees_names()}
    asked = request.GET.get("by", "")
    visibility.refuse(asked == "requester")
    by = asked if asked in groups else next(iter(groups))
    table = table_kit.page(request, tables.ageing_table(by, at), queries.ageing(by, now=at))
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/waivers/ageing.html", table)
    context = {
        "table": table,
        "views": [
            {"label": label, "url": link("waivers-ageing", by=key), "current": key == by}
            for key, label in groups.items()
        ],
        "breadcrumbs": _breadcrumbs("By age"),
    }
    return answers.page(request, "readiness/waivers/ageing.html", context)


@may_see
@conditional_page
@require_GET
def waiver(request: HttpRequest, pk: int) -> HttpResponse:
    return _waiver_page(request, _grant(pk, now()), at=now())


@may_ask
@never_cache
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    at = now()
    _version, framework = framework_queries.current()
    initial = {name: request.GET[name] for name in ("site", "check", "kind", "part") if name in request.GET}
    form = RequestForm(request.POST or None, initial=initial, framework=framework, now=at)
    if request.method == "POST" and form.is_valid():
        try:
            grant = ask_for_grant(**form.asked(), by=_reader(request), now=at)
        except ValidationError as error:
            form.refused(error)
        else:
            messages.success(request, f"{grant} is asked for; somebody else decides.")
            return HttpResponseRedirect(reverse("waiver", args=[grant.pk]))
    context = {"form": form, "most": lines.most(), "breadcrumbs": _breadcrumbs("Ask for one")}
    return render(request, "readiness/waivers/request.html", context, status=422 if form.errors else 200)


@require_POST
@may_decide
@never_cache
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    return _decided(request, pk, operations.approve, "%(grant)s is approved.")


@require_POST
@may_decide
@never_cache
def deny(request: HttpRequest, pk: int) -> HttpResponse:
    return _decided(request, pk, operations.deny, "%(grant)s is denied.")


@require_POST
@may_see
@never_cache
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    if not (request.user.has_perm(operations.MAY_REQUEST) or request.user.has_perm(operations.MAY_DECIDE)):
        raise MissingPermission([operations.MAY_DECIDE])
    return _decided(request, pk, operations.revoke, "%(grant)s is revoked.")


def _decided(request: HttpRequest, pk: int, decide: Callable[..., Grant], done: str) -> HttpResponse:
    """The page of the grant again; what stood in the way of the decision is said there."""
    at = now()
    grant = _grant(pk, at)
    try:
        decide(grant, note=request.POST.get("note", ""), by=request.user, now=at)
    except ValidationError as error:
        return _waiver_page(request, grant, at=at, refusals=error.messages, status=422)
    except operations.AlreadyDecided as error:
        return _waiver_page(request, _grant(pk, at), at=at, refusals=[str(error)], status=409)
    messages.success(request, done % {"grant": grant})
    return HttpResponseRedirect(reverse("waiver", args=[pk]))


def _waiver_page(
    request: HttpRequest, grant: Grant, *, at: datetime, refusals: list[str] | None = None, status: int = 200
) -> HttpResponse:
    [row] = queries.rows([grant], now=at)
    context: dict[str, Any] = {
        "grant": grant,
        "row": row,
        "facts": lines.facts(grant, row, now=at),
        "means": lines.means(grant, row, now=at),
        "refusals": refusals or [],
        "history": history_of(grant, limit=20).rows,
        "note": NoteForm(auto_id="id_why_not_%s"),
        "revoke_note": NoteForm(auto_id="id_why_end_%s"),
        "optional_note": NoteForm(auto_id="id_words_%s", required=False),
        "breadcrumbs": _breadcrumbs(f"{row.check_name}, {row.site_name}"),
        **lines.choices_of(grant, row, _reader(request)),
    }
    response = answers.page(request, "readiness/waivers/waiver.html", context)
    response.status_code = status
    return response


def _reader(request: HttpRequest) -> User:
    """The signed-in reader; every page here asks for one."""
    return cast(User, request.user)


def _grant(pk: int, at: datetime) -> Grant:
    return get_object_or_404(grants(now=at), pk=pk)


def _breadcrumbs(here: str, *, first: bool = False) -> list[dict[str, str]]:
    above = [] if first else [{"label": "Waivers", "url": reverse("waivers")}]
    return [{"label": "Readiness", "url": reverse("readiness")}, *above, {"label": here, "url": ""}]
