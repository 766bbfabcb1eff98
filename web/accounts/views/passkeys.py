"""Make a passkey, and sign in or confirm by one. `static/js/passkeys.js` asks the browser for it."""

import json
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import sessions
from web import clock
from web.accounts import passkeys, second_step
from web.accounts.forms import PasskeyForm
from web.accounts.signing import next_page, note_sign_in, own_address, sign_in, start_page
from web.accounts.views.factors import own_factors
from web.confirming import confirmed
from web.permissions import asks, signed_in
from web.requests import UserRequest
from web.settings_sections import settings_tabs
from web.units import duration


@asks()
@confirmed
def add_passkey(request: UserRequest) -> HttpResponse:
    """Ask for a name, and add the passkey that the browser made."""
    form = PasskeyForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            added = passkeys.add_passkey(
                request,
                request.user,
                name=form.cleaned_data["name"],
                answer=_credential(request),
                now=clock.now(),
            )
        except ValidationError as error:
            form.add_error(None, error.messages[0])
        else:
            sessions.note_factor(request.session)
            note_sign_in(request, "Passkey added", request.user.get_username())
            messages.success(request, f"{added.factor} is added. It signs you in, also without the password.")
            return own_factors(request, recovery_codes=added.recovery_codes)
    context = {"tabs": settings_tabs(request, "second-factor"), "form": form}
    return render(request, "accounts/passkey_add.html", context, status=422 if form.errors else 200)


@require_POST
@never_cache
@signed_in
@confirmed
def begin_adding(request: UserRequest) -> JsonResponse:
    """Check the name first: a device keeps the passkey that it made, also if Muster does not take it."""
    form = PasskeyForm(request.POST, user=request.user)
    if not form.is_valid():
        return JsonResponse({"detail": form.errors["name"][0]}, status=422)
    return JsonResponse(passkeys.creation_options(request, request.user, now=clock.now()))


@require_POST
@never_cache
def begin_signing(request: UserRequest) -> JsonResponse:
    """Give a challenge for the passkeys of whoever is at the second step or signed in, and else for any."""
    now = clock.now()
    if wait_s := passkeys.wait_s(request.META.get("REMOTE_ADDR", ""), now=now):
        return JsonResponse(
            {"detail": f"Too many attempts. Try again in {duration(wait_s)}."},
            status=429,
            headers={"Retry-After": str(wait_s)},
        )
    user = request.user if request.user.is_authenticated else second_step.user_of(request)
    options = passkeys.request_options(request, user, now=now)
    if user is None:
        request.session.set_expiry(int(passkeys.LASTS.total_seconds()))
    return JsonResponse(options)


@require_POST
@never_cache
def sign(request: UserRequest) -> HttpResponse:
    """Sign in the owner of the passkey, or confirm that whoever is signed in owns it."""
    now, password_owner = clock.now(), second_step.user_of(request)
    owner = request.user if request.user.is_authenticated else password_owner
    try:
        user = passkeys.use_passkey(
            request,
            _credential(request),
            owner=owner,
            follows_password=not request.user.is_authenticated and password_owner is not None,
            now=now,
        )
    except ValidationError as error:
        username = owner.get_username() if owner is not None else ""
        if isinstance(error, passkeys.CopiedPasskey):
            username = error.owner.get_username()
        note_sign_in(request, "Passkey failed", username)
        # The security log lists it beside wrong passwords.
        user_login_failed.send(
            sender=__name__,
            credentials={"username": username},
            request=request,
            is_second=password_owner is not None,
        )
        messages.error(request, error.messages[0])
        if request.user.is_authenticated:
            return redirect("confirm")
        return redirect("login" if password_owner is None else "second-step")
    passkeys.note_success(request.META.get("REMOTE_ADDR", ""), now=now)
    if request.user.is_authenticated:
        sessions.confirm(request.session, proved_at=now)
        note_sign_in(request, "Confirmed by a passkey", user.get_username())
        return redirect(next_page(request))
    address = own_address(request) if password_owner is None else second_step.end(request)
    sign_in(request, user, what="Signed in by a passkey")
    return redirect(address or start_page(user))


def _credential(request: UserRequest) -> Mapping[str, Any]:
    try:
        credential = json.loads(request.POST.get("credential", ""))
    except (ValueError, RecursionError):
        credential = None
    if not isinstance(credential, dict):
        raise BadRequest("The form has no answer of a passkey.")
    return credential
