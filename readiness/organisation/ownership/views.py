"""Pages of ownership: the board, queues and owners, one assignment, proposing and reassigning."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from inventory.models import Site
from readiness.organisation.ownership import (
    cells,
    deputies,
    gaps,
    leave_handovers,
    operations,
    queries,
    reassigning,
    rules,
    tables,
)
from readiness.organisation.ownership.core.standing import Item
from readiness.organisation.ownership.forms import AmendForm, ProposeForm, ReassignForm
from readiness.organisation.ownership.models import Assignment, HandoverStep
from readiness.organisation.ownership.queries import OwnershipCell
from readiness.organisation.ownership.tables import item_label, who
from web import answers
from web import tables as table_kit
from web.clock import now
from web.links import crumbs, link
from web.permissions import asks, require
from web.reports import Report
from web.tables import TablePage
from web.tables.addresses import Address
from web.units import how_many, plural
from web.visibility import SEES_NAMES, sees_names
from web.workflows import NotInState
from web.workflows.pages import StepPages, form_page, reader

SEE = ("inventory.view_site", rules.MAY_SEE)
SEE_OWNERS = (*SEE, SEES_NAMES)
PROPOSE = (*SEE, SEES_NAMES, rules.MAY_PROPOSE)
REASSIGN = (*SEE, SEES_NAMES, rules.MAY_PROPOSE, rules.MAY_END)
ABOVE = ("Ownership", "ownership")
CELL, ITEM = "cell", "item"
EVIDENCE_REGION = "evidence"
EARLIER_SHOWN = 20
TEMPLATE = "ownership/board.html"
QUEUES = Report("ownership/queues.html", *SEE)
OWNERS = Report("ownership/owners.html", *SEE_OWNERS)


@require(*SEE)
@never_cache
@require_GET
def board(request: HttpRequest) -> HttpResponseBase:
    at = now()
    names = sees_names(request.user)
    address = Address(request, path=request.path, filters=[])
    target = request.headers.get("HX-Target", "").partition("#")[2]
    if target == EVIDENCE_REGION:
        return answers.page(request, f"{TEMPLATE}#evidence", _panel(request, address, at))
    fleet = gaps.fleet(now=at)
    counts = fleet.counts()
    items = [item for item in Item if item.value in address.many(ITEM)] or list(Item)
    table = table_kit.page(request, tables.board_table(fleet, items, names=names), fleet.sites)
    if table.export:
        return table_kit.respond(request, TEMPLATE, table)
    context: dict[str, Any] = {
        "table": table,
        "items": cells.headings(table, items, counts),
        "rows": cells.rows(table, items, chosen_key=address.one(CELL), names=names, now=at),
        "legend": cells.legend(counts),
        "changing": counts.changing,
        "cell_fields": [(name, value) for name, value in address.pairs if name != CELL],
    }
    if table_kit.wants_table_only(request, table):
        return answers.page(request, f"{TEMPLATE}#matrix", context)
    context |= {"counts": counts, "sees_names": names}
    return answers.page(request, TEMPLATE, context | _panel(request, address, at))


@QUEUES.page
def queues(request: HttpRequest) -> tuple[TablePage, Any]:
    at, names = now(), sees_names(request.user)
    fleet = gaps.fleet(now=at)
    offered = tables.actions() if names and request.user.has_perm(rules.MAY_PROPOSE) else ()
    definition = tables.queue_table(fleet, names=names, now=at)
    return table_kit.page(request, definition, fleet.gaps(), actions=offered), lambda: {
        "counts": fleet.counts(),
    }


@OWNERS.page
def owners(request: HttpRequest) -> tuple[TablePage, Any]:
    offered = tables.OWNERS
    if not request.user.has_perms(REASSIGN):
        offered = replace(offered, columns=offered.columns[:-1])
    table = table_kit.page(request, offered, gaps.fleet(now=now()).loads)
    return table, lambda: {"most": operations.MOST_ITEMS}


def _panel(request: HttpRequest, address: Address, at: datetime) -> dict[str, Any]:
    key = address.one(CELL)
    if not key:
        return {"evidence": None}
    names = sees_names(request.user)
    may_propose = names and request.user.has_perm(rules.MAY_PROPOSE)
    try:
        slug, item = cells.read(key)
        site = get_object_or_404(Site, slug=slug)
        evidence = cells.panel(site.pk, item, may_propose=may_propose, names=names, now=at)
    except cells.NoSuchCell as error:
        raise Http404(f"cell: {error} names no site and item, as in dublin-1.compute.") from error
    item_choices = [
        {"label": label, "url": address.url(cell=each), "current": is_open}
        for each, label, is_open in evidence["items"]
    ]
    return {
        "evidence": evidence,
        "item_choices": item_choices,
        "now": at,
        "sees_names": names,
        "close_url": address.url(without=[CELL]),
    }


@require(*SEE)
@never_cache
@require_GET
def assignment(request: HttpRequest, pk: int) -> HttpResponse:
    return _show(request, _assignment(pk))


@require_POST
@require(*SEE)
@never_cache
def tick(request: HttpRequest, pk: int, step: int) -> HttpResponse:
    line = get_object_or_404(HandoverStep, pk=step, assignment=pk)
    done = request.POST.get("done") == "1"
    try:
        operations.set_step(line, done=done, by=reader(request), now=now())
    except NotInState as error:
        return _show(request, _assignment(pk), [str(error)], 409)
    return HttpResponseRedirect(f"{link('assignment', pk)}#h-steps")


@require(*SEE)
@never_cache
@require_GET
def owned_by_me(request: HttpRequest) -> HttpResponseBase:
    at = now()
    context = {
        "mine": gaps.user_assignments(reader(request), now=at),
        "now": at,
    }
    return answers.page(request, "ownership/mine.html", context)


def _show(
    request: HttpRequest, assignment: Assignment, refusals: Sequence[str] = (), status: int = 200
) -> HttpResponse:
    at, user = now(), reader(request)
    may_propose, is_live = user.has_perm(rules.MAY_PROPOSE), assignment.is_live(at)
    others = cells.assignments().filter(site=assignment.site_id, item=assignment.item)
    context = {
        "assignment": assignment,
        "now": at,
        "terms": others.exclude(pk=assignment.pk)[:EARLIER_SHOWN],
        "may_tick": is_live and (may_propose or rules.may_act(assignment, user, at)),
        "may_amend": is_live and may_propose and sees_names(user),
        "sees_names": sees_names(user),
        "breadcrumbs": crumbs(str(assignment), ABOVE),
        **STEPS.context(request, assignment, refusals),
    }
    # Most assignments have no hand-over to answer, so nobody is told who might.
    context["why_not"] = [reason for reason in context["why_not"] if reason != rules.ONLY_DEPUTY]
    if "cover" in context["steps"]:
        context["offered_leave"] = deputies.offered_leaves(assignment, at)[0]
    return render(request, "ownership/assignment.html", context, status=status)


def _assignment(pk: int) -> Assignment:
    return get_object_or_404(cells.assignments(), pk=pk)


def _back(request: HttpRequest, assignment: Assignment) -> str:
    return link("owned-by-me") if request.POST.get("back") == "mine" else link("assignment", assignment.pk)


STEPS = StepPages(
    page="assignment",
    see=SEE,
    find=_assignment,
    show=_show,
    done={
        operations.accept: "{} is yours.",
        operations.decline: "{} is declined.",
        operations.confirm: "{} is confirmed.",
        operations.end: "{} has ended.",
        leave_handovers.cover: "You answer for {} during the leave.",
        leave_handovers.refuse: "You do not answer for {} during the leave.",
    },
    undone=(operations.confirm,),
    to=_back,
)


@asks(*PROPOSE)
def propose(request: HttpRequest) -> HttpResponse:
    """Show the form with the chosen items, then before and after, then make the proposals: all or none.

    With `confirmed` 1, the user has seen the cautions; any other form has no preview and is shown again.
    """
    at = now()
    names = request.POST.getlist("id") or request.GET.getlist("cell")
    chosen_items = _chosen(names)
    is_sent = "accountable" in request.POST
    initial = {name: request.GET[name] for name in ("accountable", "team", "deputy") if name in request.GET}
    form = ProposeForm(request.POST if is_sent else None, initial=initial, now=at)
    problems: list[str] = []
    preview: list[tuple[Site, str, str]] = []
    cautions: list[str] = []
    if is_sent and form.is_valid():
        cautions = form.cautions()
        if request.POST.get("confirmed") == "1" or ("confirmed" in request.POST and not cautions):
            try:
                assignments = operations.propose_many(
                    form.proposals(chosen_items), by=reader(request), now=at
                )
            except ValidationError as error:
                problems = _problems(error, chosen_items)
            else:
                return _proposed(request, assignments)
        preview = _preview(chosen_items, at)
    context = {
        "form": form,
        "names": names,
        "chosen": [(site, item_label(item)) for site, item in chosen_items],
        "preview": preview,
        "cautions": cautions,
        "problems": problems,
        "breadcrumbs": crumbs("Propose", ABOVE),
    }
    refused = bool(form.errors or problems)
    return render(request, "ownership/propose.html", context, status=422 if refused else 200)


def _proposed(request: HttpRequest, assignments: list[Any]) -> HttpResponse:
    proposed = how_many(len(assignments), "item is", "items are")
    accepted = plural(len(assignments), "it is", "they are")
    messages.success(request, f"{proposed} proposed; nothing changes until {accepted} accepted.")
    return HttpResponseRedirect(
        link("assignment", assignments[0].pk) if len(assignments) == 1 else link("ownership")
    )


def _chosen(names: list[str]) -> list[tuple[Site, str]]:
    try:
        items = list(dict.fromkeys(cells.read(name) for name in names))
    except cells.NoSuchCell as error:
        raise BadRequest(f"id: {error} names no site and item.") from error
    if not items:
        raise BadRequest("Choose at least one item.")
    if len(items) > operations.MOST_AT_ONCE:
        raise BadRequest(f"Choose at most {operations.MOST_AT_ONCE:,} items.")
    slugs = {slug for slug, _item in items}
    sites = {
        site.slug: site for site in Site.objects.exclude(stage=Site.Stage.RETIRED).filter(slug__in=slugs)
    }
    if missing := sorted(slugs - set(sites)):
        raise BadRequest(f"id: there is no site {missing[0][:100]}.")
    return [(sites[slug], item.value) for slug, item in items]


def _preview(chosen_items: list[tuple[Site, str]], at: datetime) -> list[tuple[Site, str, str]]:
    now_owned = queries.cells(now=at, site_ids=[site.pk for site, _item in chosen_items])
    return [
        (site, item_label(item), _holder_before(now_owned.get(site.pk, queries.UNOWNED)[Item(item)]))
        for site, item in chosen_items
    ]


def _holder_before(cell: OwnershipCell) -> str:
    holder = who(cell.current, names=True) or "nobody"
    return f"{holder}; asked: {who(cell.coming, names=True)}" if cell.coming is not None else holder


def _problems(error: ValidationError, chosen_items: list[tuple[Site, str]]) -> list[str]:
    if not hasattr(error, "error_dict"):
        return error.messages
    return [
        f"{chosen_items[int(number)][0].name}, {item_label(chosen_items[int(number)][1])}: {' '.join(texts)}"
        for number, texts in error.message_dict.items()
    ]


@asks(*PROPOSE)
def amend(request: HttpRequest, pk: int) -> HttpResponse:
    at = now()
    assignment = get_object_or_404(Assignment.objects.select_related("site", "responsible"), pk=pk)
    initial = {
        "deputy": assignment.deputy_id,
        "responsible": assignment.responsible.slug if assignment.responsible else None,
        "escalation": assignment.escalation,
    }
    form = AmendForm(request.POST or None, initial=initial, now=at)
    amend = lambda: operations.amend(assignment, by=reader(request), now=at, **form.cleaned_data)  # noqa: E731
    return form_page(
        request,
        form,
        amend,
        heading=f"Edit {assignment}",
        done="{} is saved.",
        back=link("assignment", pk),
        breadcrumbs=crumbs(str(assignment), ABOVE),
    )


@asks(*REASSIGN)
def reassign(request: HttpRequest) -> HttpResponse:
    at = now()
    initial = {name: request.GET[name] for name in ("source", "target") if name in request.GET}
    form = ReassignForm(request.POST or None, initial=initial, now=at)
    moves: list[reassigning.Reassignment] = []
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        source, target, team = values["source"], values["target"], values["team"]
        try:
            reassigning.refuse_target(source, target, at)
            moves = reassigning.plan(source, target, team=team, now=at)
            if shown_digest := request.POST.get("confirmed"):
                to = {"source": source, "target": target, "team": team}
                moved = reassigning.reassign(**to, shown_digest=shown_digest, by=reader(request), now=at)
                return _reassigned(request, len(moved), target.name)
        except ValidationError as error:
            form.refused(error)
    context = {
        "form": form,
        "moves": moves,
        "shown": reassigning.digest_of(moves),
        "blocked": any(move.problem for move in moves),
        "nothing": request.method == "POST" and not form.errors and not moves,
        "breadcrumbs": crumbs("Reassign", ABOVE),
    }
    return render(request, "ownership/reassign.html", context, status=422 if form.errors else 200)


def _reassigned(request: HttpRequest, moved: int, target: str) -> HttpResponse:
    assignments = how_many(moved, "assignment is", "assignments are")
    messages.success(request, f"{assignments} moved; {target} is asked to accept.")
    return HttpResponseRedirect(link("ownership-queues", queue="waiting"))
