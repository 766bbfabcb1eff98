"""Put the ticked fixes on the worklist as one plan, and take a plan off it again."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from accounts.models import User
from inventory.models import Site
from readiness.assessment.scoring.gap.queries import regions
from readiness.boards.road import fixes, queries
from readiness.boards.road.core.sums import RoadFix
from readiness.boards.road.params import MAY_SEE, read
from readiness.boards.road.queries import RoadStanding
from readiness.golive.models import WorkPlan
from readiness.golive.worklist import plans
from readiness.golive.worklist.plans import PlannedPair
from web import scopes
from web.clock import now
from web.forms import RefusedForm
from web.history import undo
from web.links import crumbs, link
from web.permissions import asks, require
from web.timerange import BadParameter
from web.units import day, how_many
from web.workflows.pages import reader, saved


class PlanForm(RefusedForm):
    name = forms.CharField(label="Name of the plan", max_length=120)
    owner = forms.CharField(
        label="Who resolves what nobody owns",
        required=False,
        max_length=100,
        help_text="A person or a team. A step that nobody does counts as if it had no date.",
    )


def may_plan(user: User) -> bool:
    return user.has_perm(plans.MAY_ADD) and scopes.may_add(WorkPlan)


@asks(*MAY_SEE, plans.MAY_ADD)
def put_on_worklist(request: HttpRequest) -> HttpResponseBase:
    """Show the steps of the ticked fixes, then make them a plan."""
    at = now()
    try:
        question = read(request.GET, regions=regions() if "region" in request.GET else {}, now=at)
    except BadParameter as error:
        raise BadRequest(str(error)) from error
    standing = queries.road_of(question, now=at)
    ticked = [fix for fix in standing.road.fixes if fix.key in standing.road.ticks]
    back = f"{link('road')}?{question.query}"
    form = PlanForm(request.POST or None, initial={"name": f"Ready by {day(question.by)}"})

    def act() -> Any:
        pairs = _pairs(standing, ticked, nobody=form.cleaned_data["owner"].strip())
        return plans.add(
            name=form.cleaned_data["name"], due_on=question.by, pairs=pairs, by=reader(request), now=at
        )

    if ticked and saved(request, form, act, "The plan {} is on the worklist.", tell=_tell_added):
        return redirect(link("road", done_by=question.by.isoformat()))
    context = {
        "form": form,
        "lines": fixes.fix_lines(standing, ticked),
        "steps": sum(len(fix.sites) for fix in ticked),
        "by": question.by,
        "heading": "Put on the worklist",
        "cancel_url": back,
        "breadcrumbs": crumbs("Put on the worklist", ("The road to ready", back)),
    }
    return render(request, "readiness/road/plan.html", context, status=422 if form.errors else 200)


def _tell_added(request: HttpRequest, text: str, plan: WorkPlan) -> None:
    if request.user.has_perm(plans.MAY_REMOVE):
        undo.offer_step(request, text, link("road-plan-remove", plan.pk))
    else:
        messages.success(request, text)


def _pairs(standing: RoadStanding, ticked: list[RoadFix], *, nobody: str) -> list[PlannedPair]:
    slugs = {slug for fix in ticked for slug in fix.sites}
    sites = {site.slug: site for site in Site.objects.filter(slug__in=slugs)}
    pairs = []
    for fix in ticked:
        owner = standing.owners[fix.owner]
        # Whoever is named for a step by name or account stays so; the name of an owner is that of a team.
        owner_name = nobody if owner.is_gap else owner.name[:100]
        pairs += [PlannedPair(sites[slug], fix.check, owner_name) for slug in fix.sites]
    return pairs


@require_POST
@require(*MAY_SEE, plans.MAY_REMOVE)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    plan = get_object_or_404(WorkPlan, pk=pk)
    name = plan.name
    removed = plans.remove(plan, by=reader(request), now=now())
    items = how_many(removed, "item is", "items are")
    messages.success(
        request, f"The plan {name} is removed: {items} off the worklist, and what it changed is as before."
    )
    return redirect("road")
