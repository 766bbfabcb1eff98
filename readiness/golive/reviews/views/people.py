"""Who may sign, who is asked in a review, and who has what to do."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods, require_POST

from readiness.evidence.models import Review, ReviewAction, SigningDomain
from readiness.golive.reviews import actions, operations, queries, tables
from readiness.golive.reviews import approvers as approver_operations
from readiness.golive.reviews.forms import ActionForm, ApproverForm, NameForm
from readiness.golive.reviews.views.pages import breadcrumbs, may_change, may_see, reader
from web import answers
from web import tables as table_kit
from web.clock import now
from web.forms import RefusedForm
from web.permissions import require

MAY_SEE_APPROVERS = "golive.view_approver"
may_see_approvers = require("inventory.view_site", MAY_SEE_APPROVERS)
may_name = require("inventory.view_site", MAY_SEE_APPROVERS, approver_operations.MAY_NAME)
may_remove = require("inventory.view_site", MAY_SEE_APPROVERS, approver_operations.MAY_REMOVE)


@may_see_approvers
@conditional_page
@require_GET
def approvers(request: HttpRequest) -> HttpResponseBase:
    table = table_kit.page(request, tables.APPROVERS, queries.approvers())
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/reviews/approvers.html", table)
    context = {
        "table": table,
        "may_name": request.user.has_perm(approver_operations.MAY_NAME),
        "breadcrumbs": breadcrumbs("Who may sign"),
    }
    return answers.page(request, "readiness/reviews/approvers.html", context)


@may_see_approvers
@conditional_page
@require_GET
def approver(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(queries.approvers(), pk=pk)
    context = {
        "approver": person,
        "may_remove": request.user.has_perm(approver_operations.MAY_REMOVE),
        "breadcrumbs": breadcrumbs(str(person)),
    }
    return answers.page(request, "readiness/reviews/approver.html", context)


@may_name
@never_cache
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    asked = {name: request.GET[name] for name in ("domain", "site") if name in request.GET}
    form, at = ApproverForm(request.POST or None, initial=asked), now()
    make = lambda: approver_operations.add(**form.cleaned_data, by=reader(request), now=at)  # noqa: E731
    return _form_page(request, form, make, "Name somebody", reverse("approvers"))


@require_POST
@may_remove
@never_cache
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    approver_operations.remove(get_object_or_404(queries.approvers(), pk=pk), by=reader(request))
    messages.success(request, "The person may no longer sign there.")
    return HttpResponseRedirect(reverse("approvers"))


@may_change
@never_cache
@require_http_methods(["GET", "POST"])
def name(request: HttpRequest, pk: int, domain: str) -> HttpResponse:
    if domain not in SigningDomain.values:
        raise Http404
    review, at = get_object_or_404(Review.objects.select_related("site"), pk=pk), now()
    users = approver_operations.candidates(review.site)[domain]
    form = NameForm(request.POST or None, users=users)
    save = lambda: operations.name_approver(  # noqa: E731
        review, domain=domain, by=reader(request), now=at, **form.cleaned_data
    )
    here = f"Who signs for {SigningDomain(domain).label}?"
    return _form_page(request, form, save, here, reverse("review", args=[pk]), above=review)


@may_see
@never_cache
@require_http_methods(["GET", "POST"])
def add_action(request: HttpRequest, pk: int) -> HttpResponse:
    actions.refuse_others(pk, by=reader(request))
    review, at = get_object_or_404(Review, pk=pk), now()
    form = ActionForm(request.POST or None)
    make = lambda: actions.add(review, **form.cleaned_data, by=reader(request), now=at)  # noqa: E731
    return _form_page(request, form, make, "Add an action", reverse("review", args=[pk]), above=review)


@may_see
@require_GET
def action(request: HttpRequest, pk: int) -> HttpResponse:
    """An action has no page of its own: the review that it belongs to shows it."""
    return HttpResponseRedirect(reverse("review", args=[_action(pk).review_id]))


@may_change
@never_cache
@require_http_methods(["GET", "POST"])
def edit_action(request: HttpRequest, pk: int) -> HttpResponse:
    action, at = _action(pk), now()
    form = ActionForm(request.POST or None, action=action)
    save = lambda: actions.change(action, **form.cleaned_data, by=reader(request), now=at)  # noqa: E731
    to = reverse("review", args=[action.review_id])
    return _form_page(request, form, save, "Change the action", to, above=action.review)


# An action's owner may close it, whatever their role is: the operation asks whether they are.
@require_POST
@may_see
@never_cache
def close_action(request: HttpRequest, pk: int) -> HttpResponse:
    actions.refuse_strangers(pk, by=reader(request))
    action, at = _action(pk), now()
    try:
        actions.close(action, note=request.POST.get("note", ""), by=reader(request), now=at)
    except (operations.ReviewNotInState, ValidationError) as error:
        refusals = error.messages if isinstance(error, ValidationError) else [str(error)]
        for said in refusals:
            messages.error(request, said)
    else:
        messages.success(request, "The action is closed.")
    return HttpResponseRedirect(reverse("review", args=[action.review_id]))


def _form_page(
    request: HttpRequest,
    form: RefusedForm,
    act: Callable[[], Any],
    here: str,
    to: str,
    above: Review | None = None,
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            act()
        except ValidationError as error:
            form.refused(error)
        except operations.ReviewNotInState as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Saved.")
            return HttpResponseRedirect(to)
    context = {
        "form": form,
        "heading": here,
        "submit": "Save",
        "cancel_url": to,
        "breadcrumbs": breadcrumbs(here, above=above),
    }
    return render(request, "readiness/evidence/form.html", context, status=422 if form.errors else 200)


def _action(pk: int) -> ReviewAction:
    return get_object_or_404(ReviewAction.objects.select_related("review__site"), pk=pk)
