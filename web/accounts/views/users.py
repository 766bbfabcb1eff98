"""Pages of users and their roles."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from accounts import operations, queries
from accounts.models import ExternalIdentity, ScopeKind, User
from web import clock, scopes
from web.accounts.forms import NewUserForm, SetPasswordForm, UserForm, refusals_on
from web.accounts.tables import user_table, users
from web.accounts.views.sessions import session_lines
from web.accounts.views.settings import revoked_words, token_rows
from web.confirming import confirmed
from web.permissions import require
from web.requests import UserRequest
from web.settings_sections import settings_tabs
from web.tables import page, respond


@require("accounts.view_user")
def user_list(request: UserRequest) -> HttpResponseBase:
    listed = page(request, user_table(now=clock.now()), users())
    return respond(request, "accounts/users.html", listed, {"tabs": settings_tabs(request, "users")})


@sensitive_post_parameters()
@require("accounts.view_user", "accounts.add_user")
@confirmed
def add_user(request: UserRequest) -> HttpResponse:
    form = NewUserForm(request.POST or None, initial={"role": "viewer"})
    if request.method == "POST" and form.is_valid():
        arguments = form.arguments()
        arguments.pop("password_again", None)
        with refusals_on(form):
            user = operations.create_user(**arguments, by=request.user, now=clock.now())
            messages.success(request, f"{user} may sign in now.")
            return redirect("users")
    return _render(request, "accounts/user_add.html", {"form": form})


@require("accounts.view_user")
def user_detail(request: UserRequest, pk: int) -> HttpResponseBase:
    user = get_object_or_404(User.objects.prefetch_related("groups"), pk=pk)
    if request.method == "POST":
        return _change_user(request, user)
    return _detail(request, user, UserForm(initial=_initial(user)))


@require("accounts.change_user")
@confirmed
def _change_user(request: UserRequest, user: User) -> HttpResponse:
    form = UserForm(request.POST, initial=_initial(user))
    if form.is_valid():
        with refusals_on(form):
            operations.change_user(user, **form.arguments(), by=request.user, now=clock.now())
            messages.success(request, f"{user} is saved.")
            return redirect("users")
        user.refresh_from_db()
    return _detail(request, user, form)


@sensitive_post_parameters()
@require("accounts.view_user", "accounts.change_user")
@confirmed
def set_password(request: UserRequest, pk: int) -> HttpResponse:
    user = get_object_or_404(User, pk=pk)
    if not settings.PASSWORDS:
        raise Http404
    if user == request.user:
        # The own password page asks for the old password and keeps this session.
        return redirect("password-change")
    form = SetPasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            revoked = operations.set_password(
                user,
                form.cleaned_data["password"],
                keep_tokens=form.cleaned_data["keep_tokens"],
                by=request.user,
                now=clock.now(),
            )
            messages.success(request, f"{user} has a new password.")
            if revoked:
                messages.info(request, revoked_words(revoked))
            return redirect("user-detail", pk=user.pk)
    return _render(request, "accounts/user_password.html", {"form": form, "person": user})


def _detail(request: UserRequest, user: User, form: UserForm) -> HttpResponse:
    may_change = request.user.has_perm("accounts.change_user")
    this_key = request.session.session_key
    return _render(
        request,
        "accounts/user.html",
        {
            "form": form,
            "person": user,
            "facts": [
                {"term": "Full name", "value": user.get_full_name() or "–"},
                {"term": "E-mail", "value": user.email or "–"},
                {"term": "Role", "value": queries.role_of(user) or "–"},
                {"term": "Sites", "value": scopes.scope_text(queries.scopes_of(user))},
            ],
            "tokens": token_rows(user, now=clock.now()),
            "may_change": may_change,
            "passwords": settings.PASSWORDS,
            "factors": list(user.factors.all()),
            "identity": ExternalIdentity.objects.filter(user=user).first(),
            # Addresses and times of use are for administrators alone.
            "sessions": session_lines(user, this_key=this_key, now=clock.now()) if may_change else [],
        },
    )


def _initial(user: User) -> dict[str, Any]:
    scopes = queries.scopes_of(user)
    return {
        "name": user.get_full_name(),
        "email": user.email,
        "role": queries.role_of(user),
        "is_active": user.is_active,
        "regions": [slug for kind, slug in scopes if kind == ScopeKind.REGION],
        "sites": [slug for kind, slug in scopes if kind == ScopeKind.SITE],
    }


def _render(request: UserRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return render(request, template, {"tabs": settings_tabs(request, "users"), **context})
