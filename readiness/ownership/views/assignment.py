"""One assignment: read by all, answered and confirmed by the person named, and what is mine of all of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from readiness.ownership import lines, mine, operations, rules
from readiness.ownership.forms import AssignmentNoteForm, ReasonForm
from readiness.ownership.models import Assignment, HandoverStep
from readiness.ownership.views.crumbs import breadcrumbs, may_see
from web import answers
from web.clock import now
from web.history import history_of
from web.visibility import sees_names

EARLIER_SHOWN = 20


@may_see
@never_cache
@require_GET
def assignment(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _assignment(pk), at=now())


@require_POST
@may_see
@never_cache
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    return _done(request, pk, operations.accept, "note", "%(assignment)s is yours.")


@require_POST
@may_see
@never_cache
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    return _done(request, pk, operations.decline, "note", "%(assignment)s is declined.")


@require_POST
@may_see
@never_cache
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    return _done(request, pk, operations.confirm, "", "%(assignment)s is confirmed.")


@require_POST
@may_see
@never_cache
def end(request: HttpRequest, pk: int) -> HttpResponse:
    return _done(request, pk, operations.end, "reason", "%(assignment)s has ended.")


@require_POST
@may_see
@never_cache
def tick(request: HttpRequest, pk: int, step: int) -> HttpResponse:
    handover_step = get_object_or_404(HandoverStep, pk=step, assignment=pk)
    try:
        operations.set_step(
            handover_step, done=request.POST.get("done") == "1", by=_reader(request), now=now()
        )
    except rules.WrongState as error:
        return _page(request, _assignment(pk), at=now(), refusals=[str(error)], status=409)
    return HttpResponseRedirect(f"{reverse('assignment', args=[pk])}#h-steps")


@may_see
@never_cache
@require_GET
def owned_by_me(request: HttpRequest) -> HttpResponseBase:
    at = now()
    of_reader = mine.of_user(_reader(request), now=at)
    context = {
        "mine": of_reader,
        "lists": mine.lists(of_reader, now=at),
        "breadcrumbs": breadcrumbs("Owned by me"),
    }
    return answers.page(request, "ownership/mine.html", context)


def _done(
    request: HttpRequest, pk: int, do: Callable[..., Assignment], words: str, said: str
) -> HttpResponse:
    """The page of the assignment again; what stood in the way is said there."""
    at, assignment = now(), _assignment(pk)
    given = {words: request.POST.get(words, "")[:1000]} if words else {}
    try:
        do(assignment, **given, by=_reader(request), now=at)
    except ValidationError as error:
        return _page(request, assignment, at=at, refusals=error.messages, status=422)
    except rules.WrongState as error:
        return _page(request, _assignment(pk), at=at, refusals=[str(error)], status=409)
    messages.success(request, said % {"assignment": assignment})
    back = request.POST.get("back") == "mine"
    return HttpResponseRedirect(reverse("owned-by-me") if back else reverse("assignment", args=[pk]))


def _page(
    request: HttpRequest,
    assignment: Assignment,
    *,
    at: datetime,
    refusals: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    reader = _reader(request)
    names = sees_names(reader) or rules.is_named(assignment, reader)
    others = Assignment.objects.filter(site=assignment.site_id, item=assignment.item).exclude(
        pk=assignment.pk
    )
    earlier = others.select_related("accountable__user", "team").order_by("-proposed_at", "-pk")[
        :EARLIER_SHOWN
    ]
    context: dict[str, Any] = {
        "assignment": assignment,
        "facts": lines.facts(assignment, names=names, now=at),
        "steps": list(assignment.steps.all()),
        "terms": lines.terms(list(earlier), names=sees_names(reader), now=at),
        "refusals": refusals or [],
        "history": history_of(assignment, limit=20).rows if sees_names(reader) else None,
        "note": AssignmentNoteForm(auto_id="id_no_%s"),
        "optional_note": AssignmentNoteForm(auto_id="id_yes_%s", required=False),
        "reason": ReasonForm(auto_id="id_end_%s"),
        "breadcrumbs": breadcrumbs(str(assignment)),
        **lines.choices_of(assignment, reader, at),
    }
    return render(request, "ownership/assignment.html", context, status=status)


def _assignment(pk: int) -> Assignment:
    joined = (
        *("site", "accountable__user", "deputy__user", "team", "responsible"),
        *("proposed_by", "answered_by"),
    )
    return get_object_or_404(Assignment.objects.select_related(*joined), pk=pk)


def _reader(request: HttpRequest) -> User:
    """Signed in, as every page here asks."""
    return cast(User, request.user)
