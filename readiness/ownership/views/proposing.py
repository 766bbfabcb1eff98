"""Proposing for one or many items, and giving all of one person's to another: shown first, then done as a whole."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from inventory.models import Site
from readiness.ownership import operations, panel, queries, reassigning, rules
from readiness.ownership.core.standing import Item
from readiness.ownership.forms import AmendForm, ProposeForm, ReassignForm
from readiness.ownership.models import Assignment
from readiness.ownership.queries import OwnershipCell
from readiness.ownership.sentences import item_label, who
from readiness.ownership.views.crumbs import breadcrumbs, may_propose, may_reassign
from web.clock import now
from web.units import plural


@may_propose
@never_cache
@require_http_methods(["GET", "POST"])
def propose(request: HttpRequest) -> HttpResponse:
    """The form with what was chosen; then before and after; then the proposals, all of them or none."""
    at = now()
    names = request.POST.getlist("id") or request.GET.getlist("cell")
    chosen = _chosen(names)
    is_sent = "accountable" in request.POST
    form = ProposeForm(request.POST if is_sent else None, initial=_initial(request), now=at)
    problems: list[str] = []
    preview: list[dict[str, Any]] = []
    if is_sent and form.is_valid():
        if "confirmed" in request.POST:
            try:
                made = operations.propose_many(form.proposals(chosen), by=_reader(request), now=at)
            except ValidationError as error:
                problems = _problems(error, chosen)
            else:
                return _proposed(request, made)
        preview = _preview(chosen, form, names=True, at=at)
    context = {
        "form": form,
        "names": names,
        "chosen": [{"site": site.name, "item": item_label(item)} for site, item in chosen],
        "preview": preview,
        "problems": problems,
        "breadcrumbs": breadcrumbs("Propose"),
    }
    refused = bool(form.errors or problems)
    return render(request, "ownership/propose.html", context, status=422 if refused else 200)


def _proposed(request: HttpRequest, made: list[Any]) -> HttpResponse:
    said = plural(len(made), "%(n)s item is proposed; nothing changes until it is accepted.", "%(n)s items are proposed; nothing changes until they are accepted.")  # fmt: skip
    messages.success(request, said % {"n": len(made)})
    return HttpResponseRedirect(
        reverse("assignment", args=[made[0].pk]) if len(made) == 1 else reverse("ownership")
    )


def _chosen(names: list[str]) -> list[tuple[Site, str]]:
    """Return the chosen cells in the order of the names, each once."""
    try:
        cells = list(dict.fromkeys(panel.read(name) for name in names))
    except panel.NoSuchCell as error:
        raise BadRequest(f"id: {error} names no site and item.") from error
    if not 0 < len(cells) <= rules.MOST_AT_ONCE:
        raise BadRequest(f"id: choose from 1 to {rules.MOST_AT_ONCE} items.")
    slugs = {slug for slug, _item in cells}
    sites = {
        site.slug: site for site in Site.objects.exclude(stage=Site.Stage.RETIRED).filter(slug__in=slugs)
    }
    if missing := sorted(slugs - set(sites)):
        raise BadRequest(f"id: there is no site {missing[0][:100]}.")
    return [(sites[slug], item.value) for slug, item in cells]


def _initial(request: HttpRequest) -> dict[str, Any]:
    return {name: request.GET[name] for name in ("accountable", "team", "deputy") if name in request.GET}


def _preview(
    chosen: list[tuple[Site, str]], form: ProposeForm, *, names: bool, at: Any
) -> list[dict[str, Any]]:
    """Before and after of each item."""
    cells = queries.cells(now=at, site_ids=[site.pk for site, _item in chosen])
    after = str(form.cleaned_data["accountable"])
    return [
        {
            "site": site.name,
            "item": item_label(item),
            "before": _before(cells.get(site.pk, queries.UNOWNED)[Item(item)], names=names),
            "after": f"{after}, once accepted",
        }
        for site, item in chosen
    ]


def _before(cell: OwnershipCell, *, names: bool) -> str:
    holder = who(cell.current, names=names) or "nobody"
    if cell.coming is not None:
        holder += "; " + f"asked: {who(cell.coming, names=names)}"
    return holder


def _problems(error: ValidationError, chosen: list[tuple[Site, str]]) -> list[str]:
    """Name the item that each problem is about."""
    if not hasattr(error, "error_dict"):
        return error.messages
    return [
        f"{chosen[int(number)][0].name}, {item_label(chosen[int(number)][1])}: {' '.join(said)}"
        for number, said in error.message_dict.items()
    ]


@may_propose
@never_cache
@require_http_methods(["GET", "POST"])
def amend(request: HttpRequest, pk: int) -> HttpResponse:
    at = now()
    assignment = get_object_or_404(Assignment.objects.select_related("site", "responsible"), pk=pk)
    initial = {
        "deputy": assignment.deputy_id,
        "responsible": assignment.responsible.slug if assignment.responsible else None,
        "escalation": assignment.escalation,
    }
    form = AmendForm(request.POST or None, initial=initial, now=at)
    if request.method == "POST" and form.is_valid():
        try:
            operations.amend(assignment, by=_reader(request), now=at, **form.cleaned_data)
        except ValidationError as error:
            form.refused(error)
        except rules.WrongState as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{assignment} is saved.")
            return HttpResponseRedirect(reverse("assignment", args=[pk]))
    context = {"form": form, "assignment": assignment, "breadcrumbs": breadcrumbs(str(assignment))}
    return render(request, "ownership/amend.html", context, status=422 if form.errors else 200)


@may_reassign
@never_cache
@require_http_methods(["GET", "POST"])
def reassign(request: HttpRequest) -> HttpResponse:
    at = now()
    initial = {name: request.GET[name] for name in ("source", "target") if name in request.GET}
    form = ReassignForm(request.POST or None, initial=initial, now=at)
    moves: list[reassigning.Reassignment] = []
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        source, target, team = given["source"], given["target"], given["team"]
        try:
            reassigning.refuse_target(source, target, at)
            moves = reassigning.plan(source, target, team=team, now=at)
            if "confirmed" in request.POST:
                reassigning.reassign(source=source, target=target, team=team, by=_reader(request), now=at)
                return _reassigned(request, len(moves), target.name)
        except ValidationError as error:
            form.refused(error)
    context = {
        "form": form,
        "moves": [_move(move) for move in moves],
        "blocked": any(move.problem for move in moves),
        "nothing": request.method == "POST" and not form.errors and not moves,
        "breadcrumbs": breadcrumbs("Reassign"),
    }
    return render(request, "ownership/reassign.html", context, status=422 if form.errors else 200)


def _reassigned(request: HttpRequest, count: int, target: str) -> HttpResponse:
    said = plural(count, "%(n)s assignment is moved; %(who)s is asked to accept.", "%(n)s assignments are moved; %(who)s is asked to accept.")  # fmt: skip
    messages.success(request, said % {"n": count, "who": target})
    return HttpResponseRedirect(reverse("ownership-queues") + "?queue=waiting")


def _move(move: reassigning.Reassignment) -> dict[str, Any]:
    assignment = move.assignment
    after = {
        "ask": "%(who)s is asked; until then as before",
        "ask-again": "withdrawn; %(who)s is asked",
        "deputy": "%(deputy)s stands in",
    }[move.kind]
    deputy = move.deputy.name if move.deputy else "nobody"
    return {
        "site": assignment.site.name,
        "item": item_label(assignment.item),
        "before": f"{assignment.accountable.name} ({str(assignment.get_state_display()).lower()})",
        "after": after % {"who": move.accountable.name, "deputy": deputy},
        "deputy_before": assignment.deputy.name if assignment.deputy else "nobody",
        "deputy_after": deputy,
        "problem": move.problem,
    }


def _reader(request: HttpRequest) -> User:
    return cast(User, request.user)
