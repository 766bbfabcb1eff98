"""The list of reviews, one of them, opening one, and its steps: sign, decline, decide, cancel."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods, require_POST

from accounts.models import User
from readiness.evidence.models import Review
from readiness.framework import queries as framework_queries
from readiness.golive.reviews import lines, operations, queries, tables
from readiness.golive.reviews.approvers import candidates
from readiness.golive.reviews.forms import DecisionForm, NoteForm, OpenForm, ReviewedSiteForm
from web import answers
from web import tables as table_kit
from web.clock import now
from web.history import history_of
from web.permissions import require

may_see = require("inventory.view_site", operations.MAY_SEE)
may_open = require("inventory.view_site", operations.MAY_SEE, operations.MAY_OPEN)
may_change = require("inventory.view_site", operations.MAY_SEE, operations.MAY_CHANGE)
may_decide = require("inventory.view_site", operations.MAY_SEE, operations.MAY_DECIDE)


@may_see
@conditional_page
@require_GET
def reviews(request: HttpRequest) -> HttpResponseBase:
    at = now()
    table = table_kit.page(request, tables.review_table(at), queries.reviews(), prepare=queries.rows)
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/reviews/list.html", table)
    context = {
        "table": table,
        "may_open": request.user.has_perm(operations.MAY_OPEN),
        "site": request.GET.get("site", ""),
        "breadcrumbs": breadcrumbs("Go-live reviews", first=True),
    }
    return answers.page(request, "readiness/reviews/list.html", context)


@may_see
@conditional_page
@require_GET
def review(request: HttpRequest, pk: int) -> HttpResponse:
    return _review_page(request, pk, at=now())


@may_open
@never_cache
@require_http_methods(["GET", "POST"])
def open_review(request: HttpRequest) -> HttpResponse:
    """Open a review of the site in the address; without one, ask for the site first."""
    asked = ReviewedSiteForm(request.GET or None)
    if not asked.is_valid():
        return _form(request, asked, "Continue", method="get", wrong=bool(request.GET))
    site, at = asked.cleaned_data["site"], now()
    form = OpenForm(request.POST or None, named=candidates(site))
    if request.method == "POST" and form.is_valid():
        try:
            made = operations.open_review(site=site, **form.asked(), by=reader(request), now=at)
        except ValidationError as error:
            form.refused(error)
        else:
            messages.success(request, f"{made} is open; those who are named can sign.")
            return HttpResponseRedirect(reverse("review", args=[made.pk]))
    return _form(request, form, f"Open the review of {site.name}", wrong=bool(form.errors))


# Whoever is named signs, whatever their role is: the operation asks whether they are.
@require_POST
@may_see
@never_cache
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    operations.refuse_stranger(pk, by=reader(request))
    return _step(request, pk, operations.sign, "You have signed.")


@require_POST
@may_see
@never_cache
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    operations.refuse_stranger(pk, by=reader(request))
    return _step(request, pk, operations.decline, "You have declined.")


@require_POST
@may_decide
@never_cache
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    given = {"decision": request.POST.get("decision", "")}
    return _step(request, pk, operations.decide, "It is decided.", **given)


@require_POST
@may_change
@never_cache
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    return _step(request, pk, operations.cancel, "The review is cancelled.")


def _step(request: HttpRequest, pk: int, step: Callable[..., Any], done: str, **given: str) -> HttpResponse:
    """Take the step and show the review again, with what stood in the way."""
    at = now()
    review = get_object_or_404(Review, pk=pk)
    try:
        step(review, note=request.POST.get("note", ""), by=reader(request), now=at, **given)
    except ValidationError as error:
        return _review_page(request, pk, at=at, refusals=error.messages, status=422)
    except operations.ReviewNotInState as error:
        return _review_page(request, pk, at=at, refusals=[str(error)], status=409)
    messages.success(request, done)
    return HttpResponseRedirect(reverse("review", args=[pk]))


def _review_page(
    request: HttpRequest, pk: int, *, at: datetime, refusals: list[str] | None = None, status: int = 200
) -> HttpResponse:
    review = get_object_or_404(queries.whole_reviews(), pk=pk)
    user, named = reader(request), candidates(review.site)
    gate = queries.gate_of(review, now=at)
    _version, framework = framework_queries.current()
    context: dict[str, Any] = {
        "review": review,
        "facts": lines.facts(review, queries.holds_until(review, framework)),
        "sign_offs": lines.sign_off_lines(review, named, user),
        "mine": lines.my_answer(review, named, user),
        "actions": lines.action_lines(
            review, user, today=at.astimezone(ZoneInfo(review.site.time_zone)).date()
        ),
        "gate": gate,
        "checks": lines.gate_lines(gate, review.site.slug),
        "exceptions": lines.exception_lines(gate),
        "refusals": refusals or [],
        "history": history_of(review, limit=10).rows,
        "sign_note": NoteForm(auto_id="id_sign_%s", required=False),
        "decline_note": NoteForm(auto_id="id_decline_%s"),
        "go_note": DecisionForm(auto_id="id_go_%s", decision=Review.State.GO),
        "no_go_note": DecisionForm(auto_id="id_no_go_%s", decision=Review.State.NO_GO),
        "cancel_note": NoteForm(auto_id="id_cancel_%s"),
        "breadcrumbs": breadcrumbs(f"#{review.pk}, {review.site.name}"),
        **lines.choices_of(review, user),
    }
    response = answers.page(request, "readiness/reviews/review.html", context)
    response.status_code = status
    return response


def _form(request: HttpRequest, form: Any, here: str, *, wrong: bool, method: str = "post") -> HttpResponse:
    context = {
        "form": form,
        "heading": here if method == "post" else "Open a go-live review",
        "submit": here,
        "method": method,
        "cancel_url": reverse("reviews"),
        "breadcrumbs": breadcrumbs("Open one"),
    }
    return render(request, "readiness/reviews/form.html", context, status=422 if wrong else 200)


def reader(request: HttpRequest) -> User:
    """The reader, who is signed in, as every page here asks."""
    return cast(User, request.user)


def breadcrumbs(here: str, *, first: bool = False, above: Review | None = None) -> list[dict[str, str]]:
    between = [] if first else [{"label": "Go-live reviews", "url": reverse("reviews")}]
    if above is not None:
        between.append({"label": f"#{above.pk}", "url": reverse("review", args=[above.pk])})
    return [
        {"label": "Readiness", "url": reverse("readiness")},
        *between,
        {"label": here, "url": ""},
    ]
