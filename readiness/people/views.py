"""The list of people for whoever may see names or not, and the page of one's own person."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_POST

from readiness.people import operations, queries
from readiness.people.kinds import PEOPLE, TEAMS
from readiness.people.models import Person
from readiness.people.queries.privacy import export_of
from web import answers
from web import tables as table_kit
from web.accounts.views.settings import tabs
from web.clock import now
from web.kinds.pages import object_list
from web.permissions import require, signed_in
from web.requests import UserRequest
from web.visibility import sees_names


@require("people.view_team")
@conditional_page
@require_GET
def people(request: UserRequest) -> HttpResponseBase:
    """Whoever may not see names sees teams and how many are in them."""
    if sees_names(request.user):
        return object_list(request, PEOPLE)
    table = table_kit.page(request, TEAMS.table, TEAMS.rows())
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "people/counted.html", table)
    context = {"table": table, "counts": queries.counts(now=now())}
    return answers.page(request, "people/counted.html", context)


@signed_in
@never_cache
@require_GET
def own(request: UserRequest) -> HttpResponse:
    return _own(request)


@require_POST
@signed_in
@never_cache
def confirm_link(request: UserRequest, pk: int) -> HttpResponse:
    return _changed(request, pk, operations.confirm_link, "You are {} from now on.")


@require_POST
@signed_in
@never_cache
def unlink_own(request: UserRequest, pk: int) -> HttpResponse:
    return _changed(request, pk, operations.unlink, "You are not linked to {}.")


@require("people.view_person", operations.MAY_ERASE)
@never_cache
@require_GET
def export(request: UserRequest, pk: int) -> HttpResponse:
    return _exported(get_object_or_404(Person, pk=pk), is_own=False)


@signed_in
@never_cache
@require_GET
def export_own(request: UserRequest, pk: int) -> HttpResponse:
    return _exported(get_object_or_404(Person, pk=pk, user=request.user), is_own=True)


def _exported(person: Person, *, is_own: bool) -> HttpResponse:
    answer = JsonResponse(export_of(person, is_own=is_own), json_dumps_params={"indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="person-{person.pk}.json"'
    return answer


def _changed(request: UserRequest, pk: int, change: Callable[..., Person], done: str) -> HttpResponse:
    person = get_object_or_404(queries.own_people(request.user), pk=pk)
    try:
        change(person, by=request.user, now=now())
    except ValidationError as error:
        return _own(request, refusals=error.messages, status=422)
    messages.success(request, done.format(person))
    return redirect("own-person")


def _own(request: UserRequest, *, status: int = 200, **context: Any) -> HttpResponse:
    people = list(queries.own_people(request.user))
    context |= {
        "tabs": tabs(request, "own-person"),
        "linked": [person for person in people if person.user_id == request.user.pk],
        "requested": [person for person in people if person.requested_user_id == request.user.pk],
    }
    return render(request, "people/own.html", context, status=status)
