"""Pages of one-time links. Opening one uses no link up, because programs that preview links open it too.

They read and write everything: the link says whose account it is, not whoever is signed in already in this browser.
"""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import links
from web import clock
from web.accounts.forms import FirstAdminForm, SetPasswordForm, refusals_on
from web.accounts.signing import note_sign_in, sign_in, start_page
from web.actor import FIRST_ADMINISTRATOR, acting
from web.requests import UserRequest
from web.scopes import use_scope


@sensitive_post_parameters()
@never_cache
@use_scope(None)
def first_admin(request: UserRequest, secret: str) -> HttpResponse:
    now = clock.now()
    if not links.first_admin_link_opens(secret, now=now):
        return _spent(request)
    form = FirstAdminForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values: dict[str, Any] = {
            name: form.cleaned_data.get(name) for name in ("username", "email", "password")
        }
        try:
            with (
                refusals_on(form),
                acting(values["username"], message=FIRST_ADMINISTRATOR, request_id=request.id),
            ):
                user = links.redeem_first_admin_link(secret, **values, now=now)
                sign_in(request, user, what="Signed in as the first administrator")
                return redirect("/")
        except links.LinkSpent:
            return _spent(request)
    return render(request, "accounts/first_admin.html", {"form": form})


@require_http_methods(["GET", "POST"])
@never_cache
@use_scope(None)
def sign_in_link(request: UserRequest, secret: str) -> HttpResponse:
    """Sign in the user for whom `manage.py sign_in_link` printed this address."""
    now, kind = clock.now(), links.Kind.SIGN_IN
    user = links.user_of_link(secret, kind, now=now)
    if user is None:
        return _spent(request)
    if request.method != "POST":
        return render(request, "accounts/sign_in_link.html", {"person": user})
    try:
        sign_in(request, links.redeem_user_link(secret, kind, now=now), what="Signed in by a one-time link")
    except links.LinkSpent:
        return _spent(request)
    return redirect(start_page(user))


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@never_cache
@use_scope(None)
def choose_password(request: UserRequest, secret: str) -> HttpResponse:
    """Let the user to whom this address was mailed choose a new password; they sign in with it afterwards."""
    now = clock.now()
    user = links.user_of_link(secret, links.Kind.PASSWORD, now=now) if settings.PASSWORDS else None
    if user is None:
        return _spent(request)
    form = SetPasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            with refusals_on(form), acting(user, message="Password reset by mail", request_id=request.id):
                password, keep_tokens = form.cleaned_data["password"], form.cleaned_data["keep_tokens"]
                links.reset_password(secret, password, keep_tokens=keep_tokens, now=now)
                note_sign_in(request, "Password reset by mail", user.get_username())
                messages.success(request, "Your password is changed. Sign in with it.")
                return redirect("login")
        except links.LinkSpent:
            return _spent(request)
    return render(request, "accounts/choose_password.html", {"form": form, "person": user})


def _spent(request: UserRequest) -> HttpResponse:
    return render(request, "accounts/link_spent.html", status=410)
