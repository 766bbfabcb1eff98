"""Proposing for one or many items, and giving all of one person's to another: shown first, then done as a whole."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render

from inventory.models import Site
from readiness.ownership import cells, operations, queries, reassigning
from readiness.ownership import operations as rules
from readiness.ownership.core.standing import Item
from readiness.ownership.forms import AmendForm, ProposeForm, ReassignForm
from readiness.ownership.models import Assignment
from readiness.ownership.queries import OwnershipCell
from readiness.ownership.sentences import item_label, who
from readiness.ownership.views import PROPOSE, REASSIGN, breadcrumbs
from web.clock import now
from web.links import link
from web.permissions import asks
from web.units import how_many, plural
from web.workflows.pages import form_page, reader


@asks(*PROPOSE)
def propose(request: HttpRequest) -> HttpResponse:
    """The form with what was chosen; then before and after; then the proposals, all of them or none."""
    at = now()
    names = request.POST.getlist("id") or request.GET.getlist("cell")
    chosen = _chosen(names)
    is_sent = "accountable" in request.POST
    form = ProposeForm(request.POST if is_sent else None, initial=_initial(request), now=at)
    problems: list[str] = []
    preview: list[tuple[Site, str, str]] = []
    if is_sent and form.is_valid():
        if "confirmed" in request.POST:
            try:
                made = operations.propose_many(form.proposals(chosen), by=reader(request), now=at)
            except ValidationError as error:
                problems = _problems(error, chosen)
            else:
                return _proposed(request, made)
        preview = _preview(chosen, at)
    context = {
        "form": form,
        "names": names,
        "chosen": [(site, item_label(item)) for site, item in chosen],
        "preview": preview,
        "problems": problems,
        "breadcrumbs": breadcrumbs("Propose"),
    }
    refused = bool(form.errors or problems)
    return render(request, "ownership/propose.html", context, status=422 if refused else 200)


def _proposed(request: HttpRequest, made: list[Any]) -> HttpResponse:
    proposed = how_many(len(made), "item is", "items are")
    accepted = plural(len(made), "it is", "they are")
    messages.success(request, f"{proposed} proposed; nothing changes until {accepted} accepted.")
    return HttpResponseRedirect(link("assignment", made[0].pk) if len(made) == 1 else link("ownership"))


def _chosen(names: list[str]) -> list[tuple[Site, str]]:
    try:
        named = list(dict.fromkeys(cells.read(name) for name in names))
    except cells.NoSuchCell as error:
        raise BadRequest(f"id: {error} names no site and item.") from error
    if not 0 < len(named) <= rules.MOST_AT_ONCE:
        raise BadRequest(f"id: choose from 1 to {rules.MOST_AT_ONCE} items.")
    slugs = {slug for slug, _item in named}
    sites = {
        site.slug: site for site in Site.objects.exclude(stage=Site.Stage.RETIRED).filter(slug__in=slugs)
    }
    if missing := sorted(slugs - set(sites)):
        raise BadRequest(f"id: there is no site {missing[0][:100]}.")
    return [(sites[slug], item.value) for slug, item in named]


def _initial(request: HttpRequest) -> dict[str, Any]:
    return {name: request.GET[name] for name in ("accountable", "team", "deputy") if name in request.GET}


def _preview(chosen: list[tuple[Site, str]], at: datetime) -> list[tuple[Site, str, str]]:
    now_owned = queries.cells(now=at, site_ids=[site.pk for site, _item in chosen])
    return [
        (site, item_label(item), _before(now_owned.get(site.pk, queries.UNOWNED)[Item(item)]))
        for site, item in chosen
    ]


def _before(cell: OwnershipCell) -> str:
    holder = who(cell.current, names=True) or "nobody"
    return f"{holder}; asked: {who(cell.coming, names=True)}" if cell.coming is not None else holder


def _problems(error: ValidationError, chosen: list[tuple[Site, str]]) -> list[str]:
    if not hasattr(error, "error_dict"):
        return error.messages
    return [
        f"{chosen[int(number)][0].name}, {item_label(chosen[int(number)][1])}: {' '.join(said)}"
        for number, said in error.message_dict.items()
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
        breadcrumbs=breadcrumbs(str(assignment)),
    )


@asks(*REASSIGN)
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
                reassigning.reassign(source=source, target=target, team=team, by=reader(request), now=at)
                return _reassigned(request, len(moves), target.name)
        except ValidationError as error:
            form.refused(error)
    context = {
        "form": form,
        "moves": moves,
        "blocked": any(move.problem for move in moves),
        "nothing": request.method == "POST" and not form.errors and not moves,
        "breadcrumbs": breadcrumbs("Reassign"),
    }
    return render(request, "ownership/reassign.html", context, status=422 if form.errors else 200)


def _reassigned(request: HttpRequest, moved: int, target: str) -> HttpResponse:
    assignments = how_many(moved, "assignment is", "assignments are")
    messages.success(request, f"{assignments} moved; {target} is asked to accept.")
    return HttpResponseRedirect(link("ownership-queues", queue="waiting"))
