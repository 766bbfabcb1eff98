"""Sign in by the provider: go there, and come back."""

import json
from dataclasses import asdict
from datetime import datetime

from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts import sessions
from accounts.models import User
from accounts.sign_on import NoAccess, sign_on, username_of
from web import clock
from web.accounts import provider
from web.accounts.provider import Departure, ProviderAway, ProviderFails
from web.accounts.signing import note_sign_in, own_address, sign_in, start_page
from web.actor import acting
from web.requests import UserRequest, absolute_url
from web.scopes import use_scope
from web.units import duration

COOKIE, COOKIE_PATH, LASTS_S = "sign_on", "/login/provider/", 600
# Browsers drop cookies of more than 4,096 bytes.
LONGEST_NEXT = 1500


@require_GET
@never_cache
def leave(request: UserRequest) -> HttpResponse:
    """Lead to the provider. What has to come back is kept in a signed cookie, so that this writes nothing."""
    if not provider.is_configured():
        raise Http404
    if _is_part_of_foreign_page(request):
        raise PermissionDenied("Another site cannot lead to the provider from within its page.")
    if (refusal := _too_many(request)) is not None:
        return refusal
    confirms = request.user.is_authenticated and request.GET.get("confirm") == "1"
    next_page = own_address(request)
    if len(json.dumps(next_page)) > LONGEST_NEXT:
        next_page = ""
    start = provider.departure(next_page=next_page, confirms=confirms)
    try:
        address = provider.address_of(start, redirect_uri=_return_address(request), now=clock.now())
    except ProviderFails as error:
        return _failed(request, str(error))
    response = redirect(address)
    response.set_signed_cookie(
        COOKIE,
        json.dumps(asdict(start)),
        max_age=LASTS_S,
        path=COOKIE_PATH,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
    return response


@require_GET
@never_cache
@use_scope(None)
def come_back(request: UserRequest) -> HttpResponse:
    """Sign in whom the provider names, with what their groups give. Whoever was signed in here before may see less."""
    if not provider.is_configured():
        raise Http404
    response = _come_back(request)
    response.delete_cookie(COOKIE, path=COOKIE_PATH, samesite="Lax")
    return response


def _come_back(request: UserRequest) -> HttpResponse:
    now = clock.now()
    cookie = request.get_signed_cookie(COOKIE, default="", max_age=LASTS_S)
    if not cookie:
        return _failed(
            request, "The sign-in took longer than ten minutes, or began in another browser. Begin again."
        )
    # Whoever did not leave asks nothing of the provider, and so does not count.
    if (refusal := _too_many(request)) is not None:
        return refusal
    start = Departure(**json.loads(cookie))
    try:
        provider.check_answer(start, request.GET)
        claims = provider.claims_of(
            start, code=request.GET["code"], redirect_uri=_return_address(request), now=now
        )
    except ProviderAway as error:
        return _failed(request, str(error))
    except ProviderFails as error:
        return _refused(request, str(error))
    try:
        with acting("group rules", request_id=request.id):
            user = sign_on(claims, now=now)
    except ValidationError as error:
        reasons = [f"{field}: {text}" for field, texts in error.message_dict.items() for text in texts]
        return _refused(request, f"No account takes what the provider says: {' '.join(reasons)}")
    if isinstance(user, NoAccess):
        return _refused(request, str(user), username=username_of(claims), status=403)
    provider.note_success(request.META.get("REMOTE_ADDR", ""), now=now)
    if start.confirms and request.user.is_authenticated:
        return _confirm(request, user, claims.proved_at) or redirect(start.next or start_page(user))
    request.provider_claims = claims  # type: ignore[attr-defined]
    sign_in(request, user, what="Signed in by the provider")
    return redirect(start.next or start_page(user))


def _confirm(request: UserRequest, user: User, proved_at: datetime | None) -> HttpResponse | None:
    """Note that the user proved again who they are; returns the page that says why not."""
    if request.user != user:
        return _failed(request, f"You are signed in here as {request.user}, and there as {user}.", status=403)
    if proved_at is not None:
        sessions.confirm(request.session, proved_at=proved_at)
    if proved_at is None or not sessions.is_confirmed(request.session, now=clock.now()):
        return _failed(request, "The provider does not say that you signed in there just now (auth_time).")
    note_sign_in(request, "Confirmed by the provider", user.get_username())
    return None


def _return_address(request: UserRequest) -> str:
    return absolute_url(request, reverse("provider-return"))


def _is_part_of_foreign_page(request: UserRequest) -> bool:
    """Whether a page elsewhere loads this as an image or the like: its readers would use up what their office may ask.

    The headers of W3C Fetch Metadata tell, which a page cannot set.
    """
    kind = request.headers.get("Sec-Fetch-Dest", "document")
    return request.headers.get("Sec-Fetch-Site") == "cross-site" and kind != "document"


def _too_many(request: UserRequest) -> HttpResponse | None:
    wait_s = provider.wait_s(request.META.get("REMOTE_ADDR", ""), now=clock.now())
    if not wait_s:
        return None
    response = _failed(request, f"Too many attempts. Try again in {duration(wait_s)}.", status=429)
    response["Retry-After"] = str(wait_s)
    return response


def _refused(request: UserRequest, reason: str, *, username: str = "", status: int = 502) -> HttpResponse:
    """Tell those who log security events, as after a wrong password."""
    user_login_failed.send(sender=__name__, credentials={"username": username}, request=request)
    return _failed(request, reason, status=status)


def _failed(request: UserRequest, reason: str, *, status: int = 502) -> HttpResponse:
    note_sign_in(request, f"Sign-in by the provider failed ({reason[:200]!r})", "")
    return render(
        request, "accounts/provider_failed.html", {"reason": reason, "status": status}, status=status
    )
