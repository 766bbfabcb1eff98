"""Pages of rules and packs: lists, one of each, a case tried, the steps of a draft, publishing and withdrawing."""

from __future__ import annotations

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
from readiness.framework.core.reader import DefinitionError
from readiness.jurisdiction import deciding, exporting, lines, operations, queries, sentences, tables
from readiness.jurisdiction.forms import PackDraftForm, PackImportForm, PublishForm, RuleForm, TryForm
from readiness.jurisdiction.models import Rule, RulePack
from readiness.jurisdiction.refusals import (
    MAY_ADD,
    MAY_DISCARD,
    MAY_EDIT,
    MAY_PUBLISH,
    MAY_SEE,
    NotInForce,
    PackNotADraft,
    StalePackRevision,
)
from web import answers
from web import tables as table_kit
from web.clock import now
from web.history import history_of
from web.permissions import require

may_see = require(MAY_SEE)
may_add = require(MAY_SEE, MAY_ADD)
may_edit = require(MAY_SEE, MAY_EDIT)
may_discard = require(MAY_SEE, MAY_DISCARD)
may_publish = require(MAY_SEE, MAY_PUBLISH)


@may_see
@conditional_page
@require_GET
def rules(request: HttpRequest) -> HttpResponseBase:
    """List the rules of the pack in force, or of the one that `version` names."""
    asked = request.GET.get("version")
    shown = get_object_or_404(RulePack, version=asked) if asked else queries.in_force()
    if shown is None:
        context: dict[str, Any] = {
            "pack": None,
            "tabs": lines.tabs("rules"),
            "breadcrumbs": lines.breadcrumbs("Rules"),
        }
        return answers.page(request, "readiness/jurisdiction/list.html", _with_notice(context))
    table = table_kit.page(
        request,
        tables.rules(queries.content_of(shown), now().date()),
        queries.rules().filter(pack=shown),
    )
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/jurisdiction/list.html", table)
    context = {
        "table": table,
        "pack": shown,
        "tabs": lines.tabs("rules"),
        "breadcrumbs": lines.breadcrumbs("Rules"),
        **lines.offers(shown, _reader(request)),
    }
    return answers.page(request, "readiness/jurisdiction/list.html", _with_notice(context))


@may_see
@conditional_page
@require_GET
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    row = _rule(pk)
    content = queries.content_of(row.pack)
    context = {
        "rule": row,
        "facts": lines.rule_facts(row, content, now().date()),
        "versions": lines.version_lines(queries.versions_of(row), row),
        "history": history_of(row, limit=20).rows,
        "breadcrumbs": lines.breadcrumbs(row.title, row.pack),
        **lines.beside(row),
        **lines.offers(row.pack, _reader(request)),
    }
    return answers.page(request, "readiness/jurisdiction/rule.html", _with_notice(context))


@may_see
@conditional_page
@require_GET
def try_it(request: HttpRequest) -> HttpResponse:
    """The form, and the answer once the address says a whole case."""
    asked = request.GET.get("pack", "")
    row = (RulePack.objects.filter(version=asked).first() if asked else None) or queries.in_force()
    context: dict[str, Any] = {"breadcrumbs": lines.breadcrumbs("Try a case")}
    if row is not None:
        is_asked = "origin" in request.GET
        form = TryForm(request.GET if is_asked else None, row=row)
        context |= {"form": form, "pack": row}
        if is_asked and form.is_valid():
            context["answered"] = deciding.answered_case(**form.asked(today=now().date()))
            context["questions"] = [
                {
                    "question": sentences.QUESTIONS[kind],
                    "title": sentences.KINDS[kind],
                    **context["answered"][str(kind)],
                }
                for kind in sentences.KINDS
            ]
    return answers.page(request, "readiness/jurisdiction/try.html", _with_notice(context))


@may_see
@conditional_page
@require_GET
def packs(request: HttpRequest) -> HttpResponseBase:
    table = table_kit.page(request, tables.packs(), queries.packs())
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/jurisdiction/packs.html", table)
    context = {
        "table": table,
        "may_draft": request.user.has_perm(MAY_ADD),
        "breadcrumbs": lines.breadcrumbs("Packs"),
    }
    return answers.page(request, "readiness/jurisdiction/packs.html", _with_notice(context))


@may_see
@conditional_page
@require_GET
def pack(request: HttpRequest, pk: int) -> HttpResponse:
    return _pack_page(request, _pack(pk))


@may_see
@never_cache
@require_GET
def export(request: HttpRequest, pk: int) -> HttpResponse:
    return exporting.exported(_pack(pk))


@may_add
@never_cache
@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest) -> HttpResponse:
    in_force = queries.in_force()
    begins = request.GET.get("from") or (in_force.pk if in_force else None)
    form = PackDraftForm(request.POST or None, initial={"made_from": begins})
    if request.method == "POST" and form.is_valid():
        try:
            made = operations.make_draft(**form.cleaned_data, by=_reader(request), now=now())
        except ValidationError as error:
            form.refused(error)
        else:
            messages.success(request, f"{made.version} is a draft.")
            return HttpResponseRedirect(tables.pack_url(made))
    context = {
        "form": form,
        "heading": "Make a draft",
        "submit": "Make it",
        "cancel_url": reverse("rule-packs"),
        "breadcrumbs": lines.breadcrumbs("Make a draft"),
    }
    return render(
        request,
        "readiness/jurisdiction/draft.html",
        _with_notice(context),
        status=422 if form.errors else 200,
    )


@may_edit
@never_cache
@require_http_methods(["GET", "POST"])
def import_pack(request: HttpRequest, pk: int) -> HttpResponse:
    draft = _pack(pk)
    form = PackImportForm(request.POST or None, request.FILES or None, initial={"revision": draft.revision})
    return _step(request, draft, form, "Import", tables.pack_url(draft))


@may_edit
@never_cache
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, pk: int) -> HttpResponse:
    draft = _pack(pk)
    form = RuleForm(
        request.POST or None, initial={"revision": draft.revision}, pack=queries.content_of(draft)
    )
    return _step(request, draft, form, "Add a rule", tables.pack_url(draft))


@may_edit
@never_cache
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    row = _rule(pk)
    form = RuleForm(
        request.POST or None,
        initial={"revision": row.pack.revision},
        pack=queries.content_of(row.pack),
        rule=row,
    )
    return _step(request, row.pack, form, row.title, tables.url_of(row))


@require_POST
@may_edit
@never_cache
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    row = _rule(pk)
    try:
        operations.edit(
            row.pack,
            lambda definition: operations.without_rule(definition, row.slug),
            revision=None,
            by=_reader(request),
            now=now(),
        )
    except (PackNotADraft, DefinitionError) as error:
        return _pack_page(request, _pack(row.pack_id), refusals=[str(error)], status=409)
    messages.success(request, f"The rule “{row.title}” is gone.")
    return HttpResponseRedirect(tables.pack_url(row.pack))


@require_POST
@may_publish
@never_cache
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    draft = _pack(pk)
    sent = {"digest": request.POST.get("digest", ""), "because": request.POST.get("because", "")}
    try:
        operations.publish(draft, **sent, by=_reader(request), now=now())
    except (PackNotADraft, StalePackRevision) as error:
        return _pack_page(request, _pack(pk), refusals=[str(error)], status=409)
    except ValidationError as error:
        return _pack_page(request, draft, refusals=error.messages, status=422)
    messages.success(request, f"{draft.version} is in force.")
    return HttpResponseRedirect(tables.pack_url(draft))


@require_POST
@may_publish
@never_cache
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    published = _pack(pk)
    try:
        operations.withdraw(published, by=_reader(request), now=now())
    except NotInForce as error:
        return _pack_page(request, published, refusals=[str(error)], status=409)
    messages.success(request, f"{published.version} is withdrawn.")
    return HttpResponseRedirect(tables.pack_url(published))


@require_POST
@may_discard
@never_cache
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    draft = _pack(pk)
    try:
        operations.discard(draft, revision=_revision(request), by=_reader(request))
    except (PackNotADraft, StalePackRevision) as error:
        return _pack_page(request, _pack(pk), refusals=[str(error)], status=409)
    messages.success(request, f"The draft {draft.version} is gone.")
    return HttpResponseRedirect(reverse("rule-packs"))


def _step(
    request: HttpRequest, draft: RulePack, form: RuleForm | PackImportForm, heading: str, back: str
) -> HttpResponse:
    """The form of one step, and the step. Whoever comes late is told so, with what they entered still there."""
    if request.method == "GET" and not draft.is_draft:
        return HttpResponseRedirect(back)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                form.save(draft, by=_reader(request), now=now())
            except DefinitionError as error:
                form.refused(error)
            except (PackNotADraft, StalePackRevision) as error:
                form.add_error(None, str(error))
                status = 409
            else:
                messages.success(request, "Saved.")
                return HttpResponseRedirect(tables.pack_url(draft))
    context = {
        "form": form,
        "pack": draft,
        "heading": heading,
        "cancel_url": back,
        "breadcrumbs": lines.breadcrumbs(heading, draft),
    }
    return render(request, "readiness/jurisdiction/step.html", _with_notice(context), status=status)


def _pack_page(
    request: HttpRequest, pack: RulePack, *, refusals: list[str] | None = None, status: int = 200
) -> HttpResponse:
    today = now().date()
    table = table_kit.page(
        request, tables.rules(queries.content_of(pack), today), queries.rules().filter(pack=pack)
    )
    context = {
        "pack": pack,
        "facts": lines.pack_facts(pack),
        "groups": lines.group_lines(queries.groups(pack), today),
        "table": table,
        "refusals": refusals or [],
        "publish_form": PublishForm(auto_id="id_publish_%s"),
        "history": history_of(pack, limit=20).rows,
        "breadcrumbs": lines.breadcrumbs(pack.version),
        **lines.offers(pack, _reader(request)),
    }
    response = answers.page(request, "readiness/jurisdiction/pack.html", _with_notice(context))
    response.status_code = status
    return response


def _with_notice(context: dict[str, Any]) -> dict[str, Any]:
    return {**context, "notice": sentences.NOTICE}


def _pack(pk: int) -> RulePack:
    return get_object_or_404(queries.packs(), pk=min(pk, 2**63 - 1))


def _rule(pk: int) -> Rule:
    return get_object_or_404(queries.rules(), pk=min(pk, 2**63 - 1))


def _revision(request: HttpRequest) -> int | None:
    sent = request.POST.get("revision", "")
    return int(sent) if sent.isascii() and sent[:9].isdecimal() and len(sent) < 10 else None


def _reader(request: HttpRequest) -> User:
    """Signed in, as every page here asks."""
    return cast(User, request.user)
