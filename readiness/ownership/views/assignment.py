"""One assignment: read by all, answered and confirmed by the person named, and what is mine of all of them."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from readiness.ownership import cells, gaps, operations
from readiness.ownership.models import Assignment, HandoverStep
from readiness.ownership.operations import MAY_PROPOSE, is_named
from readiness.ownership.views import SEE, breadcrumbs
from web import answers
from web.clock import now
from web.links import link
from web.permissions import require
from web.visibility import sees_names
from web.workflows import NotInState
from web.workflows.pages import StepPages, reader

EARLIER_SHOWN = 20


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
        "mine": gaps.of_user(reader(request), now=at),
        "now": at,
        "breadcrumbs": breadcrumbs("Owned by me"),
    }
    return answers.page(request, "ownership/mine.html", context)


def _show(
    request: HttpRequest, assignment: Assignment, refusals: Sequence[str] = (), status: int = 200
) -> HttpResponse:
    at, user = now(), reader(request)
    may_propose, is_live = user.has_perm(MAY_PROPOSE), assignment.is_live(at)
    others = cells.assignments().filter(site=assignment.site_id, item=assignment.item)
    context = {
        "assignment": assignment,
        "now": at,
        "terms": others.exclude(pk=assignment.pk)[:EARLIER_SHOWN],
        "may_tick": is_live and (may_propose or is_named(assignment, user)),
        "may_amend": is_live and may_propose and sees_names(user),
        "sees_names": sees_names(user),
        "breadcrumbs": breadcrumbs(str(assignment)),
        **STEPS.context(request, assignment, refusals),
    }
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
    },
    to=_back,
)
