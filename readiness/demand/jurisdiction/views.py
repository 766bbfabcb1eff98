"""Pages of rules and packs: lists, single ones, the trial of a case, and the steps of a draft."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse

from readiness.demand.jurisdiction import operations, queries, tables
from readiness.demand.jurisdiction.core import sentences
from readiness.demand.jurisdiction.forms import PublishForm, RuleForm, TryForm
from readiness.demand.jurisdiction.models import Rule, RulePack
from readiness.demand.jurisdiction.operations import MAY_SEE, VERSIONS, changes_of
from web import answers
from web import tables as table_kit
from web.clock import now
from web.history.events import history_of
from web.outside import may_offer
from web.versioned.views import VersionPages, reader

NOTICE = {"notice": sentences.NOTICE}


def _content(request: HttpRequest, pack: RulePack) -> dict[str, Any]:
    table = tables.rules(queries.content_of(pack), now().date())
    is_in_force = pack.status == RulePack.Status.PUBLISHED
    return {
        "table": table_kit.page(request, table, queries.rules().filter(pack=pack)),
        "groups": [_members(group) for group in queries.groups(pack)],
        "publish_form": PublishForm(auto_id="id_publish_%s"),
        "history": history_of(pack, limit=20).rows,
        "may_withdraw": is_in_force and may_offer(request.user, VERSIONS.permission("publish")),
    }


def _members(group: Any) -> dict[str, Any]:
    today = now().date()
    members = [
        {"name": sentences.country(member.country), "since": member.since, "until": member.until,
         "is_in": member.since <= today and (member.until is None or member.until >= today)}
        for member in group.members.all()
    ]  # fmt: skip
    present = ", ".join(member["name"] for member in members if member["is_in"])
    return {"group": group, "now": present, "others": [member for member in members if not member["is_in"]]}


PAGES = VersionPages(
    versions=VERSIONS,
    names="rule-pack",
    listing="rule-packs",
    showing="rule-pack",
    see=MAY_SEE,
    table=tables.packs,
    list_template="readiness/jurisdiction/packs.html",
    page_template="readiness/jurisdiction/pack.html",
    content=_content,
    trail=(("Rules", "rules"),),
    heading="Packs",
    shared=NOTICE,
)


def rules(request: HttpRequest) -> HttpResponseBase:
    version = request.GET.get("version")
    pack = get_object_or_404(RulePack, version=version) if version else queries.in_force()
    context: dict[str, Any] = {"version": pack, **NOTICE}
    if pack is not None:
        table = tables.rules(queries.content_of(pack), now().date())
        context["table"] = page = table_kit.page(request, table, queries.rules().filter(pack=pack))
        if table_kit.wants_table_only(request, page):
            return table_kit.respond(request, "readiness/jurisdiction/list.html", page)
    return answers.page(request, "readiness/jurisdiction/list.html", context)


def rule(request: HttpRequest, pk: int) -> HttpResponse:
    row = _rule(pk)
    pack = queries.content_of(row.pack)
    terms, others = pack.rules_by_id[row.slug], list(row.pack.rules.all())
    versions = queries.versions_of(row)
    context = {
        "rule": row,
        "covers": sentences.covers(terms, pack),
        "basis": sentences.any_of(terms.bases, pack) if terms.bases else "",
        "standing": sentences.period_in_force(terms, pack, now().date()),
        "instead_of": [other for other in others if other.slug in row.instead_of],
        "displaced_by": [other for other in others if row.slug in other.instead_of],
        "versions": [
            {"rule": each, "before": before, "changes": changes_of(before, each) if before else []}
            for each, before in zip(versions, [*versions[1:], None], strict=True)
        ],
        "history": history_of(row, limit=20).rows,
        "breadcrumbs": PAGES.breadcrumbs(row.title, row.pack),
        **PAGES.offers(row.pack, request),
        **NOTICE,
    }
    return answers.page(request, "readiness/jurisdiction/rule.html", context)


def try_it(request: HttpRequest) -> HttpResponse:
    version = request.GET.get("pack", "")
    row = (RulePack.objects.filter(version=version).first() if version else None) or queries.in_force()
    context: dict[str, Any] = {"version": row, "breadcrumbs": PAGES.breadcrumbs("Try a case"), **NOTICE}
    if row is not None:
        is_asked = "origin" in request.GET
        context["form"] = form = TryForm(request.GET if is_asked else None, row=row)
        if is_asked and form.is_valid():
            row, decision = queries.decision(**queries.case_of(form.cleaned_data, today=now().date()))
            pack = queries.content_of(row)
            context["findings"] = [
                (
                    finding,
                    sentences.KINDS[finding.kind],
                    sentences.QUESTIONS[finding.kind],
                    sentences.sentence(finding, pack),
                )
                for finding in decision.findings
            ]
    return answers.page(request, "readiness/jurisdiction/try.html", context)


def add(request: HttpRequest, pk: int) -> HttpResponse:
    return _step(request, PAGES.row(pk), None, "Add a rule")


def edit(request: HttpRequest, pk: int) -> HttpResponse:
    row = _rule(pk)
    return _step(request, row.pack, row, row.title)


def _step(request: HttpRequest, draft: RulePack, rule: Rule | None, heading: str) -> HttpResponse:
    form = RuleForm(
        request.POST or None, initial={"revision": draft.revision}, pack=queries.content_of(draft), rule=rule
    )
    pack_url = PAGES.url(draft)
    back = reverse("rule", args=[rule.pk]) if rule else pack_url
    return PAGES.step(request, draft, form, heading, back, pack_url)


def remove(request: HttpRequest, pk: int) -> HttpResponse:
    row = _rule(pk)
    operations.edit(
        row.pack,
        lambda definition: operations.remove_rule(definition, row.slug),
        revision=None,
        by=reader(request),
        now=now(),
    )
    messages.success(request, f"The rule “{row.title}” is removed.")
    return HttpResponseRedirect(PAGES.url(row.pack))


def publish(request: HttpRequest, pk: int) -> HttpResponse:
    parameters = {name: request.POST.get(name, "") for name in ("digest", "because")}
    pack = operations.publish(PAGES.row(pk), **parameters, by=reader(request), now=now())
    messages.success(request, f"{pack.version} is in force.")
    return HttpResponseRedirect(PAGES.url(pack))


def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    pack = operations.withdraw(PAGES.row(pk), by=reader(request), now=now())
    messages.success(request, f"{pack.version} is withdrawn.")
    return HttpResponseRedirect(PAGES.url(pack))


def pack_of(pk: int) -> RulePack:
    pack: RulePack = PAGES.row(_rule(pk).pack_id)
    return pack


def _rule(pk: int) -> Rule:
    return get_object_or_404(queries.rules(), pk=min(pk, 2**63 - 1))
