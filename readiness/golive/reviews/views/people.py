"""Who may sign, who is asked in a review, and who has what to do."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from readiness.evidence.models import Review, ReviewAction, SigningDomain
from readiness.golive.reviews import actions, operations, queries, tables
from readiness.golive.reviews import approvers as approver_operations
from readiness.golive.reviews.forms import ActionForm, ApproverForm, NameForm
from readiness.golive.reviews.views.pages import ABOVE, SEE, show
from web import answers
from web import tables as table_kit
from web.clock import now
from web.forms import RefusedForm
from web.links import crumbs, link
from web.permissions import asks, reads, require
from web.workflows.pages import StepPages, form_page, reader

SEE_APPROVERS = ("inventory.view_site", "golive.view_approver")


@reads(*SEE_APPROVERS)
def approvers(request: HttpRequest) -> HttpResponseBase:
    table = table_kit.page(request, tables.APPROVERS, queries.approvers())
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/reviews/approvers.html", table)
    context = {"table": table, "breadcrumbs": crumbs("Who may sign", *ABOVE)}
    return answers.page(request, "readiness/reviews/approvers.html", context)


@reads(*SEE_APPROVERS)
def approver(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(queries.approvers(), pk=pk)
    context = {"approver": person, "breadcrumbs": crumbs(str(person), *ABOVE)}
    return answers.page(request, "readiness/reviews/approver.html", context)


@asks(*SEE_APPROVERS, approver_operations.MAY_NAME)
def add(request: HttpRequest) -> HttpResponse:
    asked = {name: request.GET[name] for name in ("domain", "site") if name in request.GET}
    form = ApproverForm(request.POST or None, initial=asked)
    make = lambda: approver_operations.add(**form.cleaned_data, by=reader(request), now=now())  # noqa: E731
    return _form(request, form, make, "Name somebody", reverse("approvers"))


@require_POST
@require(*SEE_APPROVERS, approver_operations.MAY_REMOVE)
@never_cache
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    approver_operations.remove(get_object_or_404(queries.approvers(), pk=pk), by=reader(request))
    messages.success(request, "The person may no longer sign there.")
    return HttpResponseRedirect(reverse("approvers"))


@asks(*SEE, operations.MAY_CHANGE)
def name(request: HttpRequest, pk: int, domain: str) -> HttpResponse:
    if domain not in SigningDomain.values:
        raise Http404
    review = get_object_or_404(Review.objects.select_related("site"), pk=pk)
    form = NameForm(request.POST or None, users=approver_operations.candidates(review.site)[domain])
    save = lambda: operations.name_approver(  # noqa: E731
        review, domain=domain, by=reader(request), now=now(), **form.cleaned_data
    )
    heading = f"Who signs for {SigningDomain(domain).label}?"
    return _form(request, form, save, heading, link("review", pk), above=review)


@asks(*SEE)
def add_action(request: HttpRequest, pk: int) -> HttpResponse:
    actions.refuse_others(pk, by=reader(request))
    review, form = get_object_or_404(Review, pk=pk), ActionForm(request.POST or None)
    make = lambda: actions.add(review, **form.cleaned_data, by=reader(request), now=now())  # noqa: E731
    return _form(request, form, make, "Add an action", link("review", pk), above=review)


@require(*SEE)
@require_GET
def action(request: HttpRequest, pk: int) -> HttpResponse:
    """An action has no page of its own: the review that it belongs to shows it."""
    return HttpResponseRedirect(link("review", _action(pk).review_id))


@asks(*SEE, operations.MAY_CHANGE)
def edit_action(request: HttpRequest, pk: int) -> HttpResponse:
    action = _action(pk)
    form = ActionForm(request.POST or None, action=action)
    save = lambda: actions.change(action, **form.cleaned_data, by=reader(request), now=now())  # noqa: E731
    page = link("review", action.review_id)
    return _form(request, form, save, "Change the action", page, above=action.review)


def _form(
    request: HttpRequest,
    form: RefusedForm,
    act: Callable[[], Any],
    heading: str,
    back: str,
    above: Review | None = None,
) -> HttpResponse:
    led = [(f"#{above.pk}", link("review", above.pk))] if above is not None else []
    way = crumbs(heading, *ABOVE, *led)
    return form_page(request, form, act, heading=heading, done="Saved.", back=back, breadcrumbs=way)


def _action(pk: int) -> ReviewAction:
    return get_object_or_404(ReviewAction.objects.select_related("review__site"), pk=pk)


def _show_review(
    request: HttpRequest, action: ReviewAction, refusals: Sequence[str], status: int
) -> HttpResponse:
    return show(request, queries.whole_reviews().get(pk=action.review_id), refusals, status)


ACTION_STEPS = StepPages(
    page="review-action",
    see=SEE,
    find=_action,
    show=_show_review,
    done={actions.close: "The action is closed."},
    to=lambda _request, action: link("review", action.review_id),
)
