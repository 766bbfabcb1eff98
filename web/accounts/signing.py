"""Signing in and out: what is logged, and which page follows."""

import logging

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import sessions
from accounts.models import User
from accounts.queries import role_of
from web import clock
from web.accounts import factors
from web.requests import UserRequest

_log = logging.getLogger(__name__)


def note_sign_in(request: UserRequest, what: str, username: str) -> None:
    """Quote the name, because the user chooses it: a line break in it would forge a line of the log."""
    address = request.META.get("REMOTE_ADDR", "")
    _log.info("%s: account %r, address %s, request %s", what, username, address, request.id)


def note_refusal(request: UserRequest, what: str, wait_s: int, username: str) -> None:
    """`wait_s` is above 0 if the secret was not looked at."""
    note_sign_in(request, f"{what} refused unseen" if wait_s else f"{what} failed", username)


def add_wait(response: HttpResponse, wait_s: int) -> HttpResponse:
    """Make it a 429 if there is a wait."""
    if wait_s:
        response.status_code = 429
        response["Retry-After"] = str(wait_s)
    return response


def sign_in(request: UserRequest, user: User, *, what: str) -> None:
    login(request, user)
    note_sign_in(request, what, user.get_username())


def note_own_role(request: UserRequest, *, former_role: str, is_program: bool = False) -> None:
    """If the user just changed their own role, end their other sessions, and go on in this one as after a sign-in."""
    user, now = User.objects.get(pk=request.user.pk), clock.now()
    if role_of(user) == former_role:
        return
    session = None if is_program else request.session
    # The provider asks for a second factor, if anybody does.
    due_at = factors.due_at(user, now=now) if user.has_usable_password() else None
    count = sessions.renew(session, user, factor_due_at=due_at, now=now)
    if count and session is not None:
        messages.info(request, "Your role changed, so your other sessions are ended.", fail_silently=True)
    note_sign_in(request, f"Own role changed, other sessions ended ({count})", user.get_username())


def sign_out(request: UserRequest) -> HttpResponse:
    username = request.user.get_username()
    logout(request)
    note_sign_in(request, "Signed out", username)
    return redirect(settings.LOGOUT_REDIRECT_URL)


def start_page(user: User) -> str:
    """The address of the user's start page; home if that page no longer exists."""
    try:
        return reverse(str(user.preferences.get("default_view", "home")))
    except NoReverseMatch:
        return settings.LOGIN_REDIRECT_URL


def own_address(request: UserRequest) -> str:
    """Return the address in `next` if it is a page of this installation, else ""."""
    address = request.POST.get("next", request.GET.get("next", ""))
    is_ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if is_ours else ""


def next_page(request: UserRequest) -> str:
    return own_address(request) or start_page(request.user)
