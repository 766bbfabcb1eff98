"""Pages of users and their roles."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts import operations, queries
from accounts.models import ExternalIdentity, ScopeKind, User
from web import clock, leaving, scopes
from web.accounts.account_forms import NewServiceAccountForm, NewUserForm, ServiceAccountForm, UserForm
from web.accounts.forms import SetPasswordForm, TokenForm, refusals_on
from web.accounts.signing import note_own_role
from web.accounts.tables import owner_words, user_table, users
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


@require("accounts.view_user", "accounts.add_user")
@confirmed
def add_service_account(request: UserRequest) -> HttpResponse:
    form = NewServiceAccountForm(request.POST or None, initial={"role": "viewer", "owner": request.user.pk})
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            user = operations.create_user(**form.arguments(), by=request.user, now=clock.now())
            messages.success(request, f"The service account {user} is made. Make its first token here.")
            return redirect("user-detail", pk=user.pk)
    return _render(request, "accounts/service_account_add.html", {"form": form})


@require("accounts.view_user")
def user_detail(request: UserRequest, pk: int) -> HttpResponseBase:
    user = get_object_or_404(User.objects.select_related("owner").prefetch_related("groups"), pk=pk)
    if request.method == "POST":
        return _change_user(request, user)
    return _detail(request, user, _form_of(user)(initial=_initial(user)))


def _form_of(user: User) -> type[UserForm | ServiceAccountForm]:
    return ServiceAccountForm if user.is_service else UserForm


@require("accounts.change_user")
@confirmed
def _change_user(request: UserRequest, user: User) -> HttpResponse:
    form = _form_of(user)(request.POST, initial=_initial(user))
    if form.is_valid():
        with refusals_on(form):
            arguments, former_role = form.arguments(), queries.role_of(user)
            leaves = user.is_active and not arguments["is_active"] and _leaves_something(request, user)
            if leaves:
                arguments.pop("is_active")
            operations.change_user(user, **arguments, by=request.user, now=clock.now())
            if user == request.user:
                note_own_role(request, former_role=former_role)
            if leaves:
                messages.info(request, f"{user} is saved, and still active. Look first at what stays behind.")
                return redirect("user-leave", pk=user.pk)
            messages.success(request, f"{user} is saved.")
            return redirect("users")
        user.refresh_from_db()
    return _detail(request, user, form)


def _leaves_something(request: UserRequest, user: User) -> bool:
    """Whether a page must show first what goes on without this person. Nobody deactivates themselves."""
    if user.is_service or user == request.user:
        return False
    return leaving.leavers_list(user, reader=request.user, now=clock.now()).count > 0


@require_POST
@never_cache
@require("accounts.view_user", "accounts.change_user")
@confirmed
def add_token(request: UserRequest, pk: int) -> HttpResponse:
    """Make a token of a service account. The answer holds the secret: it is shown once and stored nowhere."""
    now = clock.now()
    user = get_object_or_404(User, pk=pk, kind=User.Kind.SERVICE)
    form = TokenForm(request.POST)
    context: dict[str, Any] = {"token_form": form}
    if form.is_valid():
        with refusals_on(form):
            values = {name: form.cleaned_data[name] for name in ("name", "scope")}
            token, plain = operations.create_token(
                user=user, **values, expires_at=form.expires_at(now), by=request.user, now=now
            )
            context = {"made": token, "plain": plain}
    return _detail(request, user, _form_of(user)(initial=_initial(user)), **context)


@sensitive_post_parameters()
@require("accounts.view_user", "accounts.change_user")
@confirmed
def set_password(request: UserRequest, pk: int) -> HttpResponse:
    user = get_object_or_404(User, pk=pk)
    if not settings.PASSWORDS or user.is_service:
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


def _detail(
    request: UserRequest, user: User, form: UserForm | ServiceAccountForm, **context: Any
) -> HttpResponse:
    may_change = request.user.has_perm("accounts.change_user")
    this_key = request.session.session_key
    return _render(
        request,
        "accounts/user.html",
        {
            "form": form,
            "person": user,
            "facts": _facts(user),
            "tokens": token_rows(user, now=clock.now()),
            "left": None
            if user.is_service
            else leaving.leavers_list(user, reader=request.user, now=clock.now()),
            "token_form": TokenForm(),
            "may_make_token": user.is_service and user.is_active and request.user.is_superuser,
            "may_change": may_change,
            "passwords": settings.PASSWORDS,
            "factors": list(user.factors.all()),
            "identity": ExternalIdentity.objects.filter(user=user).first(),
            # Addresses and times of use are for administrators alone.
            "sessions": session_lines(user, this_key=this_key, now=clock.now()) if may_change else [],
            **context,
        },
    )


def _facts(user: User) -> list[dict[str, str]]:
    if user.is_service:
        facts = [("Purpose", user.purpose), ("Owner", owner_words(user))]
    else:
        facts = [("Full name", user.get_full_name()), ("E-mail", user.email)]
    facts += [("Role", queries.role_of(user)), ("Sites", scopes.scope_text(queries.scopes_of(user)))]
    return [{"term": term, "value": value or "–"} for term, value in facts]


def _initial(user: User) -> dict[str, Any]:
    scopes = queries.scopes_of(user)
    return {
        "name": user.get_full_name(),
        "email": user.email,
        "purpose": user.purpose,
        "owner": user.owner_id,
        "role": queries.role_of(user),
        "is_active": user.is_active,
        "regions": [slug for kind, slug in scopes if kind == ScopeKind.REGION],
        "sites": [slug for kind, slug in scopes if kind == ScopeKind.SITE],
    }


def _render(request: UserRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return render(request, template, {"tabs": settings_tabs(request, "users"), **context})
