"""Pages of grants: the list, who answers for how many, one of them, asking for one, deciding on one."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from readiness.boards.waivers import queries, sentences, tables
from readiness.boards.waivers.forms import RequestForm
from readiness.boards.waivers.requests import ask_for_grant
from readiness.framework import queries as framework_queries
from readiness.grants import operations
from readiness.grants.core.rules import MOST_WAIVERS
from readiness.grants.models import Grant
from readiness.grants.queries import counts, grants
from web import answers, visibility
from web import tables as table_kit
from web.clock import now
from web.links import crumbs, link
from web.permissions import asks, reads
from web.reports import Report, choices
from web.tables import TablePage
from web.workflows.pages import StepPages, reader, saved

SEE = ("inventory.view_site", "grants.view_grant")
WAIVERS = Report("readiness/waivers/list.html", *SEE)
AGEING = Report("readiness/waivers/ageing.html", *SEE)
ABOVE = (("Readiness", "readiness"), ("Waivers", "waivers"))


@WAIVERS.page
def waivers(request: HttpRequest) -> tuple[TablePage, Any]:
    at = now()
    prepare = lambda page: queries.rows(page, now=at)  # noqa: E731
    return table_kit.page(request, tables.grant_table(at), grants(now=at), prepare=prepare), lambda: {
        "counts": counts(now=at),
        "now": at,
        "breadcrumbs": crumbs("Waivers", *ABOVE[:1]),
    }


@AGEING.page
def ageing(request: HttpRequest) -> tuple[TablePage, Any]:
    at = now()
    groups = {key: label for key, label in tables.BY.items() if key != "requester" or visibility.sees_names()}
    asked = request.GET.get("by", "")
    visibility.refuse(asked == "requester")
    by = asked if asked in groups else next(iter(groups))
    return table_kit.page(request, tables.ageing_table(by, at), queries.ageing(by, now=at)), lambda: {
        "views": choices(groups.items(), by, lambda key: link("waivers-ageing", by=key)),
        "breadcrumbs": crumbs("By age", *ABOVE),
    }


@reads(*SEE)
def waiver(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _show(request, _grant(pk))


@asks(*SEE, operations.MAY_REQUEST)
def ask(request: HttpRequest) -> HttpResponse:
    at = now()
    initial = {name: request.GET[name] for name in ("site", "check", "kind", "part") if name in request.GET}
    form = RequestForm(
        request.POST or None, initial=initial, framework=framework_queries.current()[1], now=at
    )
    ask = lambda: ask_for_grant(**form.asked(), by=reader(request), now=at)  # noqa: E731
    if grant := saved(request, form, ask, "{} is asked for; somebody else decides."):
        return HttpResponseRedirect(reverse("waiver", args=[grant.pk]))
    context = {"form": form, "most": MOST_WAIVERS, "breadcrumbs": crumbs("Ask for one", *ABOVE)}
    return render(request, "readiness/waivers/request.html", context, status=422 if form.errors else 200)


def _show(
    request: HttpRequest, grant: Grant, refusals: Sequence[str] = (), status: int = 200
) -> HttpResponseBase:
    at = now()
    [row] = queries.rows([grant], now=at)
    context = {
        "row": row,
        "grant": grant,
        "ends": sentences.ends(row, at),
        "effect": sentences.effect(row, now=at),
        "breadcrumbs": crumbs(f"{row.check_name}, {grant.site.name}", *ABOVE),
        **STEPS.context(request, grant, refusals),
    }
    return answers.page(request, "readiness/waivers/waiver.html", context, status=status)


def _grant(pk: int) -> Grant:
    return get_object_or_404(grants(now=now()), pk=pk)


STEPS = StepPages(
    page="waiver",
    see=SEE,
    find=_grant,
    show=_show,
    done={
        operations.approve: "{} is approved.",
        operations.deny: "{} is denied.",
        operations.revoke: "{} is revoked.",
    },
)
