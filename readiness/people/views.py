"""Pages of people and teams. Whoever may not see names sees teams and how many are in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.formats import date_format
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods, require_POST

from accounts.models import User
from readiness.people import operations, queries, tables
from readiness.people.forms import PersonForm, PersonLinkForm, TeamForm, initial_of
from readiness.people.models import Person, Team
from web import answers
from web import tables as table_kit
from web.accounts.views.settings import tabs
from web.clock import now
from web.forms import RefusedForm
from web.history import history_of
from web.permissions import require, signed_in
from web.requests import UserRequest
from web.visibility import SEES_NAMES, sees_names

may_see_teams = require("people.view_team")
may_see_people = require(SEES_NAMES)
may_link = require(SEES_NAMES, operations.MAY_LINK)


@may_see_teams
@conditional_page
@require_GET
def people(request: HttpRequest) -> HttpResponseBase:
    at = now()
    if not sees_names(request.user):
        return _teams(request, "people/counted.html")
    table = table_kit.page(request, tables.people_table(), queries.people(now=at))
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "people/list.html", table)
    return answers.page(request, "people/list.html", {"table": table, "breadcrumbs": _crumbs()})


@may_see_teams
@conditional_page
@require_GET
def teams(request: HttpRequest) -> HttpResponseBase:
    return _teams(request, "people/teams.html")


def _teams(request: HttpRequest, template: str) -> HttpResponseBase:
    at = now()
    table = table_kit.page(request, tables.team_table(), queries.teams(now=at))
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, template, table)
    context = {"table": table, "counts": queries.counts(now=at), "breadcrumbs": _crumbs("Teams")}
    return answers.page(request, template, context)


@may_see_people
@conditional_page
@require_GET
def person(request: HttpRequest, pk: int) -> HttpResponseBase:
    subject = get_object_or_404(queries.people(now=now()), pk=pk)
    context = {
        "person": subject,
        "facts": _facts(subject),
        "history": history_of(subject, limit=20).rows,
        "breadcrumbs": _crumbs(subject.name),
    }
    return answers.page(request, "people/person.html", context)


def _facts(person: Person) -> list[dict[str, Any]]:
    left = person.has_left  # type: ignore[attr-defined]
    return [
        {"term": "Standing", "value": "left" if left else "present"},
        {"term": "Teams", "value": tables.teams_of(person) or "none"},
        {"term": "User", **_link(person)},
        {"term": "E-mail", "value": person.email or "none"},
        {"term": "Phone", "value": person.phone or "none"},
        {"term": "Time zone", "value": person.time_zone},
    ]


def _link(person: Person) -> dict[str, str]:
    if person.user and person.user_confirmed_at:
        confirmed = {"day": date_format(person.user_confirmed_at, "j M Y")}
        return {"value": person.user.username, "note": "confirmed on {day}".format(**confirmed)}
    if person.requested_user:
        request = {"user": person.requested_user.username, "by": person.requested_by}
        return {
            "value": "none",
            "note": "{by} asked {user}, who has not confirmed it".format(**request),
        }
    return {"value": "none"}


@may_see_teams
@conditional_page
@require_GET
def team(request: HttpRequest, pk: int) -> HttpResponseBase:
    at = now()
    shown_team = get_object_or_404(queries.teams(now=at), pk=pk)
    names = sees_names(request.user)
    context = {
        "team": shown_team,
        "members": queries.people(now=at).filter(memberships__team=shown_team) if names else [],
        "facts": [
            {"term": "People", "value": str(shown_team.present)},  # type: ignore[attr-defined]
            {"term": "Contact", "value": shown_team.contact or "none"},
            {"term": "Description", "value": shown_team.description or "none"},
        ],
        "sees_names": names,
        "history": history_of(shown_team, limit=20).rows,
        "breadcrumbs": _crumbs("Teams", shown_team.name),
    }
    return answers.page(request, "people/team.html", context)


@require(SEES_NAMES, "people.add_person")
@never_cache
@require_http_methods(["GET", "POST"])
def add_person(request: HttpRequest) -> HttpResponse:
    return _form(request, PersonForm(request.POST or None), _save_person(None), "Add a person")


@require(SEES_NAMES, "people.change_person")
@never_cache
@require_http_methods(["GET", "POST"])
def edit_person(request: HttpRequest, pk: int) -> HttpResponse:
    subject = get_object_or_404(queries.people(now=now()), pk=pk)
    form = PersonForm(request.POST or None, initial=initial_of(subject))
    return _form(request, form, _save_person(subject), f"Edit {subject.name}")


def _save_person(subject: Person | None) -> Callable[[PersonForm, User], Any]:
    return lambda form, by: operations.save_person(subject, by=by, now=now(), **form.planned())


@require("people.view_team", "people.add_team")
@never_cache
@require_http_methods(["GET", "POST"])
def add_team(request: HttpRequest) -> HttpResponse:
    return _form(request, TeamForm(request.POST or None), _save_team(None), "Add a team")


@require("people.view_team", "people.change_team")
@never_cache
@require_http_methods(["GET", "POST"])
def edit_team(request: HttpRequest, pk: int) -> HttpResponse:
    edited = get_object_or_404(Team, pk=pk)
    initial = {name: getattr(edited, name) for name in TeamForm.base_fields}
    form = TeamForm(request.POST or None, initial=initial)
    return _form(request, form, _save_team(edited), f"Edit {edited.name}")


def _save_team(edited: Team | None) -> Callable[[TeamForm, User], Any]:
    return lambda form, by: operations.save_team(edited, by=by, now=now(), **form.cleaned_data)


@may_link
@never_cache
@require_http_methods(["GET", "POST"])
def request_link(request: HttpRequest, pk: int) -> HttpResponse:
    person, by = get_object_or_404(Person, pk=pk), cast(User, request.user)
    form = PersonLinkForm(request.POST or None, by=by)
    if request.method == "POST" and form.is_valid():
        user = form.cleaned_data["user"]
        try:
            operations.request_link(person, user=user, by=by, now=now())
        except ValidationError as error:
            form.refused(error)
        else:
            messages.success(request, f"{user} is asked to confirm the link.")
            return HttpResponseRedirect(reverse("person", args=[pk]))
    title = f"Link {person} to a user"
    context = {"form": form, "title": title, "breadcrumbs": _crumbs(title)}
    return render(request, "people/form.html", context, status=422 if form.errors else 200)


@require_POST
@may_link
def unlink(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(Person, pk=pk)
    operations.unlink(person, by=cast(User, request.user), now=now())
    messages.success(request, f"{person} is linked to no user.")
    return HttpResponseRedirect(reverse("person", args=[pk]))


@signed_in
@never_cache
@require_GET
def own(request: UserRequest) -> HttpResponse:
    return _own(request)


@require_POST
@signed_in
@never_cache
def confirm_link(request: UserRequest, pk: int) -> HttpResponse:
    return _changed(request, pk, operations.confirm_link, "You are %(name)s from now on.")


@require_POST
@signed_in
@never_cache
def unlink_own(request: UserRequest, pk: int) -> HttpResponse:
    return _changed(request, pk, operations.unlink, "You are not linked to %(name)s.")


def _changed(request: UserRequest, pk: int, change: Callable[..., Person], said: str) -> HttpResponse:
    person = get_object_or_404(queries.own_people(request.user), pk=pk)
    try:
        change(person, by=request.user, now=now())
    except ValidationError as error:
        return _own(request, refusals=error.messages, status=422)
    messages.success(request, said % {"name": person})
    return HttpResponseRedirect(reverse("own-person"))


def _own(request: UserRequest, *, status: int = 200, **context: Any) -> HttpResponse:
    people = list(queries.own_people(request.user))
    context |= {
        "tabs": tabs(request, "own-person"),
        "linked": [person for person in people if person.user_id == request.user.pk],
        "requested": [person for person in people if person.requested_user_id == request.user.pk],
    }
    return render(request, "people/own.html", context, status=status)


def _form(request: HttpRequest, form: RefusedForm, save: Callable[..., Any], title: str) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            saved = save(form, cast(User, request.user))
        except ValidationError as error:
            form.refused(error)
        else:
            messages.success(request, f"{saved} is saved.")
            kind = "person" if isinstance(saved, Person) else "team"
            return HttpResponseRedirect(reverse(kind, args=[saved.pk]))
    context = {"form": form, "title": title, "breadcrumbs": _crumbs(title)}
    return render(request, "people/form.html", context, status=422 if form.errors else 200)


def _crumbs(*below: str) -> list[dict[str, str]]:
    first = {"label": "People", "url": reverse("people") if below else ""}
    return [first, *({"label": each, "url": ""} for each in below)]
